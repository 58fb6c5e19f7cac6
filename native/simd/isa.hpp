// What each instruction set supplies. One pair of sources (canonical.cpp, product.cpp) is compiled once per set.
//
// These sources include nothing but plain headers and keep everything in unnamed namespaces: an inline function shared with
// the rest of the program could be linked from here and would then crash on a CPU without the instructions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise {

// Depth of one unbroken chain of float32 sums; longer products add such chains up, which keeps their error small.
inline constexpr std::size_t kChain = 256;

// How `pack` maps a row into the approximate search: u = scale * x - centre, rounded to float32.
struct Frame {
  float scale;  // a power of two
  const float* centre;
};

struct Isa {
  const char* name;

  // A tile is tile_rows left rows times tile_cols right rows. tile_cols <= 32, so that a row's hits fit one word.
  std::size_t tile_rows;
  std::size_t tile_cols;

  // Canonical arithmetic.
  double (*l2sq)(const float* a, const float* b, std::size_t cols);
  // Rows base[r], other[r] of x at step[r], for `count` recipes. `stream` writes past the cache.
  void (*interpolate)(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                      const float* step, std::size_t count, float* out, bool stream);

  // Largest magnitude of the numbers.
  float (*largest)(const float* values, std::size_t count);
  // Lays `count` <= width rows side by side: panel[j * width + r] is column j of row ids[r] in the frame. Missing rows are
  // zero. Writes the squared norm of each, in float64.
  void (*pack)(const float* x, std::size_t cols, const std::int32_t* ids, std::size_t count, std::size_t width,
               const Frame& frame, float* panel, double* norms);
  // Bit j of hits[i] says that bias[j] - <left i, right j> <= limit[i]. Returns whether any bit is set.
  bool (*screen)(const float* left, const float* right, std::size_t cols, const float* bias, const float* limit,
                 std::uint32_t* hits);

  // c[i * c_row + j * c_col] = alpha * sum + beta * c[...] over a tile of rows <= tile_rows and cols <= tile_cols:
  // the sum over p of a[p * a_depth + i] * b[p * b_depth + j]. Reads tile_cols columns of b whatever cols is.
  void (*outer)(const float* a, std::size_t a_depth, const float* b, std::size_t b_depth, std::size_t depth,
                std::size_t rows, std::size_t cols, float alpha, float beta, float* c, std::size_t c_row,
                std::size_t c_col);
  // The same with sums over p of a[i * depth + p] * b[j * depth + p], for any number of rows and cols.
  void (*inner)(const float* a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float alpha,
                float beta, float* c, std::size_t c_row, std::size_t c_col);
};

// The instruction sets that were compiled in and that this CPU has, fastest first; ends with a null.
const Isa* const* available_isas() noexcept;

// Null for a name that is unknown or that this CPU lacks.
const Isa* find_isa(const char* name) noexcept;

}  // namespace equipoise
