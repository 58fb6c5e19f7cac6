// Matrix product: three ways for few classes, where packing both sides would cost as much as multiplying, and the packed one.
#include <algorithm>
#include <memory>
#include <new>

#include "../simd/isa.hpp"
#include "buffer.hpp"
#include "kernels.hpp"

namespace equipoise {
namespace {

// Up to so many rows of the small side nothing of the large side is packed: where its rows are contiguous along the depth,
// and where they are not.
constexpr std::size_t kFewRows = 128;
constexpr std::size_t kFewRowsDepth = 4096;  // all of the small side is packed at once
constexpr std::size_t kFewOuter = 16;
// Dot products are faster than tiles with columns to spare: always up to kFewestDots, and up to kFewDots from this depth on.
constexpr std::size_t kFewestDots = 4;
constexpr std::size_t kFewDots = 16;
constexpr std::size_t kDotDepth = 128;
// In floats; of rows that lie so far apart the first cache holds this many.
constexpr std::size_t kPage = 1024;
constexpr std::size_t kPageRows = 8;
// What interleave may write behind the end, and more.
constexpr std::size_t kSlack = 64;
// A block of a takes half of a second cache of 1 MiB, past which panels of b stream. Deep rather than tall: every step of depth
// reads and writes all of c.
constexpr std::size_t kBlockDepth = 1024;
constexpr std::size_t kBlockRows = 112;
constexpr std::size_t kBlockCols = 1024;

// op(matrix)[i][j] = data[i * row + j * col]
struct View {
  const float* data;
  std::size_t row;
  std::size_t col;
  View transposed() const { return {data, col, row}; }
};

struct Target {
  float* data;
  std::size_t row;
  std::size_t col;
};

struct Problem {
  View a;  // (m, k)
  View b;  // (k, n)
  Target c;
  std::size_t m;
  std::size_t n;
  std::size_t k;
  float alpha;
  float beta;
};

// Room for what is packed, at most 6 MiB, kept by each thread for its next call: memory fresh from the system costs a fault a page, which for
// the products of a training step is a good part of the work.
class Workspace {
 public:
  // Null where there is no memory. What was handed out before is lost.
  static float* take(std::size_t floats) {
#if defined(__wasm__)
    static Workspace own;  // one thread an instance
#else
    static thread_local Workspace own;
#endif
    if (floats > own.size_) {
      // Large pages, unless it is little.
      const std::size_t size = floats < kLargePage / 8 ? floats : (floats + kLargePage - 1) / kLargePage * kLargePage;
      own.room_.reset();
      own.room_.reset(new (std::nothrow) Buffer<float>(size));
      own.size_ = own.room_ != nullptr && *own.room_ ? size : 0;
    }
    return own.size_ == 0 ? nullptr : own.room_->get();
  }

 private:
  static constexpr std::size_t kLargePage = (std::size_t{1} << 21) / sizeof(float);
  std::unique_ptr<Buffer<float>> room_;
  std::size_t size_ = 0;
};

// Copies op(from) so that the rows lie one after another, `width` apart, the rest of a row zero.
void copy_rows(const View& from, std::size_t rows, std::size_t cols, std::size_t width, float* to) {
  for (std::size_t i = 0; i < rows; i++) {
    for (std::size_t j = 0; j < cols; j++) to[i * width + j] = from.data[i * from.row + j * from.col];
    for (std::size_t j = cols; j < width; j++) to[i * width + j] = 0;
  }
}

// Both sides contiguous along the depth: every element is a dot product of two rows.
Status few_inner(const Isa& isa, const Problem& p) {
  Buffer<float> copy(p.a.col == 1 ? 0 : p.m * p.k);
  if (!copy) return Status::kOutOfMemory;
  const float* small = p.a.data;
  if (p.a.col != 1) {
    copy_rows(p.a, p.m, p.k, p.k, copy.get());
    small = copy.get();
  }
  isa.inner(p.b.data, small, p.k, p.n, p.m, p.alpha, p.beta, p.c.data, p.c.col, p.c.row);
  return Status::kDone;
}

// Rows of b contiguous: tiles run along them, straight from where they are.
Status few_outer(const Isa& isa, const Problem& p) {
  const std::size_t width = isa.tile_cols;
  const std::size_t whole = p.n / width * width;
  const bool copy_a = p.a.row != 1;
  Buffer<float> small(copy_a ? p.m * p.k : 0);
  Buffer<float> tail(whole < p.n ? p.k * width : 0);
  if (!small || !tail) return Status::kOutOfMemory;
  View a = p.a;
  if (copy_a) {
    copy_rows(p.a.transposed(), p.k, p.m, p.m, small.get());
    a = {small.get(), 1, p.m};
  }
  if (whole < p.n) copy_rows({p.b.data + whole, p.b.row, 1}, p.k, p.n - whole, width, tail.get());
  for (std::size_t j = 0; j < p.n; j += width)
    for (std::size_t i = 0; i < p.m; i += isa.tile_rows)
      isa.outer(a.data + i, 1, a.col, j < whole ? p.b.data + j : tail.get(), j < whole ? p.b.row : width, p.k,
                std::min(isa.tile_rows, p.m - i), std::min(width, p.n - j), p.alpha, p.beta,
                p.c.data + i * p.c.row + j * p.c.col, p.c.row, p.c.col);
  return Status::kDone;
}

// Rows of the large side as they lie, the small side packed: packing the large one too would cost as much as multiplying.
Status few_rows(const Isa& isa, const Problem& p) {
  const std::size_t width = isa.tile_cols;
  float* const small = Workspace::take((p.m + width) * p.k + kSlack);
  if (small == nullptr) return Status::kOutOfMemory;
  isa.interleave(p.a.data, p.a.row, p.a.col, p.m, p.k, width, small);
  // Rows a page apart share the same lines of the cache.
  const std::size_t step = p.k % kPage == 0 ? std::min(kPageRows, isa.tile_rows) : isa.tile_rows;
  for (std::size_t j = 0; j < p.n; j += step)
    for (std::size_t i = 0; i < p.m; i += width)
      isa.outer(p.b.data + j * p.b.col, p.b.col, 1, small + i * p.k, width, p.k, std::min(step, p.n - j),
                std::min(width, p.m - i), p.alpha, p.beta, p.c.data + i * p.c.row + j * p.c.col, p.c.col, p.c.row);
  return Status::kDone;
}

Status packed(const Isa& isa, const Problem& p) {
  const std::size_t block_rows = std::min(kBlockRows, p.m) + isa.tile_rows;
  const std::size_t block_cols = std::min(kBlockCols, p.n) + isa.tile_cols;
  const std::size_t block_depth = std::min(kBlockDepth, p.k);
  const std::size_t rows_step = kBlockRows / isa.tile_rows * isa.tile_rows;
  float* const left = Workspace::take((block_rows + block_cols) * block_depth + kSlack);
  if (left == nullptr) return Status::kOutOfMemory;
  float* const right = left + (block_rows * block_depth + 31) / 32 * 32;
  for (std::size_t jb = 0; jb < p.n; jb += kBlockCols)
    for (std::size_t kb = 0; kb < p.k; kb += kBlockDepth) {
      const std::size_t cols = std::min(kBlockCols, p.n - jb);
      const std::size_t depth = std::min(kBlockDepth, p.k - kb);
      const float beta = kb == 0 ? p.beta : 1;
      const View b = p.b.transposed();
      isa.interleave(b.data + jb * b.row + kb * b.col, b.row, b.col, cols, depth, isa.tile_cols, right);
      for (std::size_t ib = 0; ib < p.m; ib += rows_step) {
        const std::size_t rows = std::min(rows_step, p.m - ib);
        isa.interleave(p.a.data + ib * p.a.row + kb * p.a.col, p.a.row, p.a.col, rows, depth, isa.tile_rows, left);
        for (std::size_t j = 0; j < cols; j += isa.tile_cols)
          for (std::size_t i = 0; i < rows; i += isa.tile_rows)
            isa.outer(left + i * depth, 1, isa.tile_rows, right + j * depth, isa.tile_cols, depth,
                      std::min(isa.tile_rows, rows - i), std::min(isa.tile_cols, cols - j), p.alpha, beta,
                      p.c.data + (ib + i) * p.c.row + (jb + j) * p.c.col, p.c.row, p.c.col);
      }
    }
  return Status::kDone;
}

}  // namespace

Status gemm(const Isa& isa, const Gemm& task) noexcept {
  const std::size_t m = task.m;
  const std::size_t n = task.n;
  const std::size_t k = task.k;
  if (k == 0) {
    for (std::size_t i = 0; i < m * n; i++) task.c[i] = task.beta == 0 ? 0 : task.beta * task.c[i];
    return Status::kDone;
  }
  const Problem problem = {task.transpose_a ? View{task.a, 1, m} : View{task.a, k, 1},
                     task.transpose_b ? View{task.b, 1, k} : View{task.b, n, 1},
                     {task.c, n, 1},
                     m,
                     n,
                     k,
                     task.alpha,
                     task.beta};
  // The small side first: c' = b' a' is the same product.
  const Problem turned = {problem.b.transposed(), problem.a.transposed(), {task.c, 1, n}, n, m, k, task.alpha, task.beta};
  const Problem& few = n < m ? turned : problem;
  if (few.b.row == 1 && few.m <= (k < kDotDepth ? kFewestDots : kFewDots)) return few_inner(isa, few);
  if (few.b.row == 1 && few.m <= kFewRows && k <= kFewRowsDepth) return few_rows(isa, few);
  return few.m <= kFewOuter ? few_outer(isa, few) : packed(isa, problem);
}

}  // namespace equipoise
