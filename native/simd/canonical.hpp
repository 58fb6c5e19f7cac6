#pragma once

#include <cstddef>

namespace equipoise::EQUIPOISE_ISA {

double l2sq(const float* a, const float* b, std::size_t cols);
void interpolate_row(const float* base, const float* other, float step, std::size_t cols, float* out);

}  // namespace equipoise::EQUIPOISE_ISA
