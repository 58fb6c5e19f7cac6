// Kernels whose every bit is part of the contract. Compiled with -ffp-contract=off.
#include "canonical.hpp"

#include "lanes.hpp"

namespace equipoise::EQUIPOISE_ISA {

double l2sq(const float* a, const float* b, std::size_t cols) {
  // Eight lanes whatever the register: lane j takes the columns j, j + 8, …
  constexpr std::size_t kParts = 8 / kHalf;
  Doubles sums[kParts] = {};
  std::size_t j = 0;
  for (; j + 8 <= cols; j += 8)
    for (std::size_t part = 0; part < kParts; part++) {
      const std::size_t at = j + part * kHalf;
      const Doubles difference = widen(load<HalfFloats>(a + at)) - widen(load<HalfFloats>(b + at));
      sums[part] += difference * difference;
    }
  double lane[8];
  __builtin_memcpy(lane, sums, sizeof(lane));
  for (std::size_t i = 0; j < cols; i++, j++) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    lane[i] += difference * difference;
  }
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

namespace {

template <typename T>
inline T between(T base, T other, T step) {
  const T low = base < other ? base : other;
  const T high = base < other ? other : base;
  const T y = base + step * (other - base);
  return y >= low ? (y <= high ? y : high) : low;
}

}  // namespace

void interpolate_row(const float* base, const float* other, float step, std::size_t cols, float* out) {
  if (step == 0) {
    __builtin_memcpy(out, base, cols * sizeof(float));
    return;
  }
  std::size_t j = 0;
  for (; j + kLanes <= cols; j += kLanes)
    store(out + j, between(load<Floats>(base + j), load<Floats>(other + j), step - Floats{}));
  for (; j < cols; j++) out[j] = between(base[j], other[j], step);
}

}  // namespace equipoise::EQUIPOISE_ISA
