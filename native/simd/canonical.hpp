#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise::EQUIPOISE_ISA {

double l2sq(const float* a, const float* b, std::size_t cols);
void interpolate(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                 const float* step, std::size_t count, float* out, bool stream);
// One of its rows, where memory need not be asked early.
void interpolate_row(const float* base, const float* other, float step, std::size_t cols, float* out);

}  // namespace equipoise::EQUIPOISE_ISA
