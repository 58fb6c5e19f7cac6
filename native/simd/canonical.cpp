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

using Quad = float __attribute__((vector_size(16)));
using Line = float __attribute__((vector_size(64)));
constexpr std::size_t kLine = 16;

// The numbers of a row from column j on, as many as V holds.
struct Copy {
  const float* base;
  template <typename V>
  V at(std::size_t j) const {
    return load<V>(base + j);
  }
};

struct Between {
  const float* base;
  const float* other;
  float step;
  template <typename V>
  V at(std::size_t j) const {
    return between(load<V>(base + j), load<V>(other + j), step - V{});
  }
};

// What a row to come is made of, for which memory is asked line by line meanwhile; or nothing.
struct NoneAhead {
  void ask(std::size_t) const {}
};
struct Ahead {
  const float* base;
  const float* other;
  void ask(std::size_t j) const {
    __builtin_prefetch(base + j);
    __builtin_prefetch(other + j);
  }
};

template <typename V>
inline bool aligned(const float* at) {
  return reinterpret_cast<std::uintptr_t>(at) % sizeof(V) == 0;
}

template <bool kStream, typename Row, typename Next>
inline void write(const Row& row, const Next& ahead, std::size_t cols, float* out) {
  std::size_t j = 0;
  if constexpr (kStream) {
    // Only whole lines go past the cache: two rows may share a line, and half a line would cost a whole one twice.
    for (; j < cols && !aligned<Quad>(out + j); j++) out[j] = row.template at<float>(j);
    for (; j + 4 <= cols && !aligned<Line>(out + j); j += 4) store(out + j, row.template at<Quad>(j));
  }
  for (; j + kLine <= cols; j += kLine) {
    ahead.ask(j);
    for (std::size_t i = j; i < j + kLine; i += kLanes)
      if constexpr (kStream)
        stream(out + i, row.template at<Floats>(i));
      else
        store(out + i, row.template at<Floats>(i));
  }
  for (; j + 4 <= cols; j += 4) store(out + j, row.template at<Quad>(j));
  for (; j < cols; j++) out[j] = row.template at<float>(j);
}

template <bool kStream, typename Next>
inline void write_row(const float* base, const float* other, float step, const Next& ahead, std::size_t cols, float* out) {
  if (step == 0)
    write<kStream>(Copy{base}, ahead, cols, out);
  else
    write<kStream>(Between{base, other, step}, ahead, cols, out);
}

// Rows lie anywhere in memory, so each is asked for so many rows before its turn.
constexpr std::size_t kAhead = 4;

template <bool kStream>
inline void write_rows(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                       const float* step, std::size_t count, float* out) {
  const auto row = [x, cols](std::int32_t id) { return x + static_cast<std::size_t>(id) * cols; };
  for (std::size_t r = 0; r < count; r++, out += cols) {
    const std::size_t later = r + kAhead < count ? r + kAhead : r;
    const Ahead ahead = {row(base[later]), row(step[later] == 0 ? base[later] : other[later])};
    write_row<kStream>(row(base[r]), row(other[r]), step[r], ahead, cols, out);
  }
}

}  // namespace

void interpolate(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                 const float* step, std::size_t count, float* out, bool streamed) {
  if (!streamed) return write_rows<false>(x, cols, base, other, step, count, out);
  write_rows<true>(x, cols, base, other, step, count, out);
  end_stream();
}

void interpolate_row(const float* base, const float* other, float step, std::size_t cols, float* out) {
  write_row<false>(base, other, step, NoneAhead{}, cols, out);
}

}  // namespace equipoise::EQUIPOISE_ISA
