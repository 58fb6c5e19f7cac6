// The screen of int8 products, where the instruction set has a dot product of bytes.
//
// A row u is turned by an orthogonal map, the same for all rows, which changes no product, and held as scale * q with q from
// -127 to 127. Four columns of a row lie together,
// as the instructions want them. Where
// these multiply unsigned bytes with signed ones, the left side holds q + 128 and the sums start from -128 times the sum of the
// right row; they wrap around, but the whole sum fits.
#include "isa.hpp"

#if defined(__AMX_INT8__) || defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__ARM_FEATURE_DOTPROD)
#include "hits.hpp"
#include "lanes.hpp"

namespace equipoise::EQUIPOISE_ISA {
namespace {

#if defined(__AMX_INT8__)
// Two by two tiles of 14 x 16 sums: 14 rows, so that the float32 screen divides the same rows.
constexpr std::size_t kTiles = 2;
constexpr std::size_t kLeftGroup = 64;
constexpr bool kUnsigned = false;
#else
constexpr std::size_t kTiles = 1;
constexpr std::size_t kLeftGroup = 4;
#if defined(__aarch64__)
constexpr bool kUnsigned = false;
#else
constexpr bool kUnsigned = true;
#endif
#endif
constexpr std::size_t kRows = kTiles * kTileRows;
// Columns are padded to this, whose root is a power of two.
constexpr std::size_t kStep = 64;
constexpr float kRoot = 8;
constexpr int kZero = kUnsigned ? 128 : 0;
// A row below this is held as zeros: its scale could be subnormal.
constexpr float kLeast = 0x1p-100f;

using Bytes = std::int8_t __attribute__((vector_size(kLanes)));

struct Squares {
  Doubles sums[2] = {};
  void add(Floats values) {
    float parts[kLanes];
    store(parts, values);
    for (std::size_t v = 0; v < 2; v++) {
      const Doubles part = widen(load<HalfFloats>(parts + v * kHalf));
      sums[v] += part * part;
    }
  }
  double sum() const {
    const Doubles both = sums[0] + sums[1];
    double result = 0;
    for (std::size_t l = 0; l < kHalf; l++) result += both[l];
    return result;
  }
};

// The row in the frame, its columns times the signs, the padding zero. Returns its squared norm. `next` is the row to come.
double load_row(const float* row, const float* next, std::size_t cols, std::size_t depth, const Frame& frame, float* to) {
  Squares norm;
  for (std::size_t start = 0; start < depth; start += kLanes) {
    Floats value = {};
    Floats centre = {};
    Floats signs = {};
    __builtin_prefetch(next + start);
    if (start + kLanes <= cols) {
      value = load<Floats>(row + start);
      centre = load<Floats>(frame.centre + start);
      signs = load<Floats>(frame.signs + start);
    } else if (start < cols) {
      const std::size_t bytes = (cols - start) * sizeof(float);
      __builtin_memcpy(&value, row + start, bytes);
      __builtin_memcpy(&centre, frame.centre + start, bytes);
      __builtin_memcpy(&signs, frame.signs + start, bytes);
    }
    value = value * frame.scale - centre;
    norm.add(value);
    store(to + start, value * signs);
  }
  return norm.sum();
}

using Four = float __attribute__((vector_size(16)));
using Eight = float __attribute__((vector_size(32)));

// A Hadamard transform of every eight parts of `stride` columns that follow each other, times the root of 8. V holds a number of
// columns that divides the stride.
template <typename V>
void spread_eight(float* row, std::size_t depth, std::size_t stride) {
  for (std::size_t start = 0; start < depth; start += 8 * stride)
    for (std::size_t j = start; j < start + stride; j += sizeof(V) / sizeof(float)) {
      V parts[8];
#pragma GCC unroll 8
      for (std::size_t i = 0; i < 8; i++) parts[i] = load<V>(row + j + i * stride);
#pragma GCC unroll 3
      for (std::size_t half = 1; half < 8; half *= 2)
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; i++)
          if ((i & half) == 0) {
            const V a = parts[i];
            const V b = parts[i + half];
            parts[i] = a + b;
            parts[i + half] = a - b;
          }
#pragma GCC unroll 8
      for (std::size_t i = 0; i < 8; i++) store(row + j + i * stride, parts[i]);
    }
}

// Turns the row so that every new column holds a share of kStep old ones, and none much more than the others: the largest, which
// sets the scale, comes down. A Hadamard transform of kStep parts of the row, times the root of kStep.
void spread(float* row, std::size_t depth) {
  static_assert(kStep == 8 * 8);
  const std::size_t part = depth / kStep;
  if (part % 8 == 0)
    spread_eight<Eight>(row, depth, part);
  else if (part % 4 == 0)
    spread_eight<Four>(row, depth, part);
  else
    spread_eight<float>(row, depth, part);
  spread_eight<Eight>(row, depth, 8 * part);
}

// kGroup columns of a row lie together.
template <std::size_t kWidth, std::size_t kGroup, bool kLeft>
void pack(const float* x, std::size_t cols, const std::int32_t* ids, std::size_t count, const Frame& frame, float* row,
          const Rows& to) {
  constexpr int kFlip = kLeft ? kZero : 0;
  const std::size_t depth = (cols + kStep - 1) / kStep * kStep;
  auto* panel = static_cast<std::int8_t*>(to.panels);
  if (count < kWidth) __builtin_memset(panel, kFlip, depth * kWidth);
  for (std::size_t r = 0; r < kWidth; r++) {
    to.scale[r] = 0;
    to.start[r] = 0;
    to.norm[r] = 0;
    to.error[r] = 0;
    if (r >= count) continue;
    const auto at = [&](std::size_t i) { return x + static_cast<std::size_t>(ids[i]) * cols; };
    to.norm[r] = load_row(at(r), at(r + 1 < count ? r + 1 : r), cols, depth, frame, row);
    spread(row, depth);
    Floats most = {};
    for (std::size_t start = 0; start < depth; start += kLanes) {
      const Floats value = load<Floats>(row + start);
      const Floats size = value < 0 ? -value : value;
      most = size > most ? size : most;
    }
    float largest = 0;
    for (std::size_t l = 0; l < kLanes; l++) largest = most[l] > largest ? most[l] : largest;
    const float scale = largest < kLeast ? 0 : largest / 127;
    const float inverse = largest < kLeast ? 0 : 127 / largest;
    Squares error;
    Ints total = {};
    for (std::size_t start = 0; start < depth; start += kLanes) {
      const Floats value = load<Floats>(row + start);
      // Adding 1.5 * 2^23 rounds to a whole number.
      const Floats rounded = (value * inverse + 0x1.8p23f) - 0x1.8p23f;
      error.add(value - rounded * scale);
      const Ints whole = __builtin_convertvector(rounded, Ints);
      total += whole;
      std::int8_t bytes[kLanes];
      store(bytes, __builtin_convertvector(whole ^ kFlip, Bytes));
      for (std::size_t c = 0; c < kLanes; c += 4) {
        const std::size_t column = start + c;
        __builtin_memcpy(panel + column / kGroup * kGroup * kWidth + r * kGroup + column % kGroup, bytes + c, 4);
      }
    }
    to.scale[r] = scale / kRoot;
    to.error[r] = error.sum() / kStep;
    if (!kLeft)
      for (std::size_t l = 0; l < kLanes; l++) to.start[r] -= kZero * total[l];
  }
}

// The bounds of a tile from its sums.
struct Bounds {
  const Rows& left;
  const Rows& right;
  std::size_t at;  // of the right panel

  Floats of(Ints sum, std::size_t r, std::size_t v) const {
    const std::size_t to = at + v * kLanes;
    const Floats product = __builtin_convertvector(sum, Floats) * load<Floats>(right.scale + to);
    return load<Floats>(right.bias + to) - left.scale[r] * product - left.length[r] * load<Floats>(right.residual + to) -
           left.residual[r] * load<Floats>(right.length + to);
  }
};

#if defined(__AMX_INT8__)

struct __attribute__((packed)) TileConfig {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t bytes[16] = {};
  std::uint8_t rows[16] = {};
};

// Tiles 0 to 3 hold sums, 4 and 5 left rows, 6 and 7 right columns.
void enter() {
  TileConfig config;
  for (std::size_t t = 0; t < 8; t++) {
    config.bytes[t] = 64;
    config.rows[t] = t < 6 ? kTileRows : 16;
  }
  // The compiler sees neither that this reads all of it nor, below, that tiles write memory.
  __asm__ volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig(&config);
}
void leave() { _tile_release(); }

std::size_t search(const Rows& left, const Rows& right, std::size_t cols, const float* limit, std::size_t panels,
                   Hits& hits) {
  const std::size_t depth = (cols + kStep - 1) / kStep * kStep;
  alignas(64) std::int32_t sums[kRows * kTileCols];
  for (std::size_t p = 0; p < panels; p++) {
    const auto* a = static_cast<const std::int8_t*>(left.panels);
    const auto* b = static_cast<const std::int8_t*>(right.panels) + p * kTileCols * depth;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (std::size_t start = 0; start < depth; start += kLeftGroup, a += kRows * kLeftGroup, b += kTileCols * kLeftGroup) {
      _tile_loadd(4, a, 64);
      _tile_loadd(6, b, 128);
      _tile_dpbssd(0, 4, 6);
      _tile_loadd(7, b + 64, 128);
      _tile_dpbssd(1, 4, 7);
      _tile_loadd(5, a + kTileRows * 64, 64);
      _tile_dpbssd(2, 5, 6);
      _tile_dpbssd(3, 5, 7);
    }
    _tile_stored(0, sums, 128);
    _tile_stored(1, sums + 16, 128);
    _tile_stored(2, sums + kTileRows * kTileCols, 128);
    _tile_stored(3, sums + kTileRows * kTileCols + 16, 128);
    __asm__ volatile("" : : "r"(sums) : "memory");
    const Bounds bounds = {left, right, p * kTileCols};
    const auto bound = [&](std::size_t r, std::size_t v) {
      return bounds.of(load<Ints>(sums + r * kTileCols + v * kLanes), r, v);
    };
    if (collect<kRows>(bound, limit, hits)) return p;
  }
  return panels;
}

#else

inline Ints dot(Ints sum, Ints left, Ints right) {
#if defined(__aarch64__)
  return vdotq_s32(sum, reinterpret_cast<int8x16_t>(left), reinterpret_cast<int8x16_t>(right));
#elif defined(__AVX512VNNI__)
  return reinterpret_cast<Ints>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(left),
                                                    reinterpret_cast<__m512i>(right)));
#else
  return reinterpret_cast<Ints>(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), reinterpret_cast<__m256i>(left),
                                                        reinterpret_cast<__m256i>(right)));
#endif
}

constexpr void (*enter)() = nullptr;
constexpr void (*leave)() = nullptr;

std::size_t search(const Rows& left, const Rows& right, std::size_t cols, const float* limit, std::size_t panels,
                   Hits& hits) {
  const std::size_t depth = (cols + kStep - 1) / kStep * kStep;
  const auto* b = static_cast<const std::int8_t*>(right.panels);
  for (std::size_t p = 0; p < panels; p++) {
    const auto* a = static_cast<const std::int8_t*>(left.panels);
    Ints sums[kRows][2];
    for (std::size_t r = 0; r < kRows; r++)
      for (std::size_t v = 0; v < 2; v++) sums[r][v] = load<Ints>(right.start + p * kTileCols + v * kLanes);
    for (std::size_t start = 0; start < depth; start += kLeftGroup, a += kRows * kLeftGroup, b += kTileCols * kLeftGroup) {
      const Ints b0 = load<Ints>(b);
      const Ints b1 = load<Ints>(b + 4 * kLanes);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < kRows; r++) {
        const Ints row = load<std::int32_t>(a + 4 * r) - Ints{};
        sums[r][0] = dot(sums[r][0], row, b0);
        sums[r][1] = dot(sums[r][1], row, b1);
      }
    }
    const Bounds bounds = {left, right, p * kTileCols};
    if (collect<kRows>([&](std::size_t r, std::size_t v) { return bounds.of(sums[r][v], r, v); }, limit, hits)) return p;
  }
  return panels;
}

#endif

}  // namespace

extern const Screen int8;
const Screen int8 = {kRows, kTileCols, kStep, 1, pack<kRows, kLeftGroup, true>, pack<kTileCols, 4, false>, search, enter, leave};

}  // namespace equipoise::EQUIPOISE_ISA
#endif
