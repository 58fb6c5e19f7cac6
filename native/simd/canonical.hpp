#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise::EQUIPOISE_ISA {

double l2sq(const float* a, const float* b, std::size_t cols);
void interpolate(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                 const float* step, std::size_t count, float* out, bool stream);

}  // namespace equipoise::EQUIPOISE_ISA
