// What each instruction set supplies. The same sources (canonical.cpp, product.cpp, int8.cpp, learning.cpp) are compiled once per
// set.
//
// These sources include nothing but plain headers and keep everything in unnamed namespaces: an inline function shared with
// the rest of the program could be linked from here and would then crash on a CPU without the instructions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "taps.hpp"

namespace equipoise {

struct Learning;  // learning.hpp

// Depth of one unbroken chain of float32 sums; longer products add such chains up, which keeps their error small.
inline constexpr std::size_t kChain = 256;

// Whole sums of int8 products stay below 2^31 up to this depth.
inline constexpr std::size_t kMostInt8Cols = std::size_t{1} << 17;

// Most rows of one side of a screen's tile: the hits of a row fit one word.
inline constexpr std::size_t kMostTile = 32;

// How `pack` maps a row into the approximate search: u = scale * x - centre, rounded to float32.
struct Frame {
  float scale;  // a power of two
  const float* centre;
  const float* signs;  // 1 or -1 for each column, drawn at random: int8 rows take their columns times these
};

// Rows as a screen reads them: panels of tile_rows (left) or tile_cols (right) of them, and numbers for each. A row u is held
// as scale * q + r, where scale is 1 and r nothing in float32.
struct Rows {
  // By `pack`.
  void* panels;
  float* scale;
  std::int32_t* start;  // right side only: what its sums of products start from
  double* norm;         // |u|^2
  double* error;        // |r|^2, up to rounding
  // By the search.
  float* residual;  // >= |r|
  float* length;    // >= |u| + |r| / 2
  float* bias;      // right side only
};

// What a screen let through in one tile.
struct Hits {
  std::uint32_t bits[kMostTile];  // bit j of bits[i]: the pair of left i and right j
  float bound[kMostTile * kMostTile];  // [i * tile_cols + j]
};

// A fast approximate product that finds the pairs which may count. The bound of a pair is, up to rounding errors (nearest.cpp),
//   bias_j - scale_i scale_j <q_i, q_j> - length_i residual_j - residual_i length_j.
struct Screen {
  std::size_t tile_rows;
  std::size_t tile_cols;
  // A row in a panel takes `bytes` a column, of columns padded to a multiple of `step`.
  std::size_t step;
  std::size_t bytes;

  // Packs one panel, on either side: `count` rows of x at ids, the missing ones as zeros. Writes the first five of `to`. `work`
  // has room for one padded row.
  void (*pack_left)(const float* x, std::size_t cols, const std::int32_t* ids, std::size_t count, const Frame& frame,
                    float* work, const Rows& to);
  void (*pack_right)(const float* x, std::size_t cols, const std::int32_t* ids, std::size_t count, const Frame& frame,
                     float* work, const Rows& to);
  // Goes through `panels` right panels against one left one, until after the first tile with a hit: a pair whose bound is at
  // most limit[i]. Returns the index of that panel, or `panels`.
  std::size_t (*search)(const Rows& left, const Rows& right, std::size_t cols, const float* limit, std::size_t panels,
                        Hits& hits);
  // Around the searches of one thread; null where there is nothing to do.
  void (*enter)();
  void (*leave)();

  std::size_t padded(std::size_t cols) const { return (cols + step - 1) / step * step; }
};

// Rows that lie anywhere, and rows that are still to be made: row i is at rows[i], where that is base[i] as it is, else made there
// as base[i] + share[i] * (other[i] - base[i]). Of rows, base and other there are kListAhead more, for which memory is asked early.
inline constexpr std::size_t kListAhead = 8;
struct RowList {
  float* const* rows;
  const float* const* base;
  const float* const* other;
  const float* share;
};

// Weights of pixels have this many binary places.
inline constexpr int kFractionBits = 22;
// Bytes behind a row of pixels that a filter may touch.
inline constexpr std::size_t kPixelRoom = 64;
// Rows of pixels that are filtered side by side.
inline constexpr std::size_t kStrip = 16;

struct Isa {
  const char* name;

  // Canonical arithmetic.
  double (*l2sq)(const float* a, const float* b, std::size_t cols);
  // Rows base[r], other[r] of x at step[r], for `count` recipes. `stream` writes past the cache.
  void (*interpolate)(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                      const float* step, std::size_t count, float* out, bool stream);

  // Largest magnitude of the numbers.
  float (*largest)(const float* values, std::size_t count);

  Screen float32;
  // Null where the set has no dot product of bytes. Its tile_rows is a multiple of the float32 one, its tile_cols the same.
  const Screen* int8;

  // c[i * c_row + j * c_col] = alpha * sum + beta * c[...] over a tile of rows <= tile_rows and cols <= tile_cols:
  // the sum over p of a[i * a_row + p * a_depth] * b[p * b_depth + j], where a_row or a_depth is 1. Reads tile_cols columns of b whatever cols is.
  std::size_t tile_rows;
  std::size_t tile_cols;
  void (*outer)(const float* a, std::size_t a_row, std::size_t a_depth, const float* b, std::size_t b_depth,
                std::size_t depth, std::size_t rows, std::size_t cols, float alpha, float beta, float* c, std::size_t c_row,
                std::size_t c_col);
  // The same with sums over p of a[i * depth + p] * b[j * depth + p], for any number of rows and cols.
  void (*inner)(const float* a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float alpha,
                float beta, float* c, std::size_t c_row, std::size_t c_col);
  // Products of listed rows. The inner one makes those that are to be made.
  // c[i * c_row + j] = the sum over p of a.rows[i][p] * b[j * depth + p] + beta * c[...].
  void (*inner_listed)(const RowList& a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float beta,
                       float* c, std::size_t c_row);
  // c[i * c_row + j] = the sum over p of a[p * a_depth + i] * b.rows[p][at + j], over a tile. Reads tile_cols columns of b whatever
  // cols is. Asks memory for those columns of what `next`, as long a list, is made of.
  void (*outer_listed)(const float* a, std::size_t a_depth, const RowList& b, const RowList& next, std::size_t at, std::size_t depth,
                       std::size_t rows, std::size_t cols, float* c, std::size_t c_row);
  // Panels of `width` rows side by side: row r of a panel has from[r * row + p * col] at to[p * width + r], p < depth, zeros
  // where there is no row. width is tile_rows or tile_cols; writes up to one vector behind the last number.
  void (*interleave)(const float* from, std::size_t row, std::size_t col, std::size_t count, std::size_t depth,
                     std::size_t width, float* to);

  // Filters rows of pixels along x, which takes pixels `first` up to `last` of each. `columns` has room for kStrip rows of
  // them, `filtered` for kStrip output rows. Behind these and each row of `out`, up to kPixelRoom bytes are written.
  void (*filter_rows)(const std::uint8_t* pixels, std::size_t step, std::size_t rows, std::size_t channels,
                      const Taps& taps, std::size_t first, std::size_t last, std::uint8_t* columns,
                      std::uint8_t* filtered, std::uint8_t* out, std::size_t out_step);
  // One output row of `length` bytes from `count` rows of bytes, `step` apart, each with kPixelRoom behind it.
  void (*filter_column)(const std::uint8_t* rows, std::size_t step, std::size_t count, const std::int32_t* weights,
                        std::size_t length, std::uint8_t* out);

  const Learning* learning;
};

// The instruction sets that were compiled in and that this CPU has, fastest first; ends with a null.
const Isa* const* available_isas() noexcept;

// Null for a name that is unknown or that this CPU lacks.
const Isa* find_isa(const char* name) noexcept;

}  // namespace equipoise
