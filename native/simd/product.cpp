// Kernels with a tolerance, and the table of this instruction set. The compiler may contract a * b + c here.
#include "canonical.hpp"
#include "hits.hpp"
#include "isa.hpp"
#include "lanes.hpp"
#include "pixels.hpp"

namespace equipoise::EQUIPOISE_ISA {
namespace {

constexpr std::size_t kLine = 64 / sizeof(float);

// sums[r][v] += sum over p of a[p * a_depth + r] * b[p * b_depth + v * kLanes + …]
template <std::size_t kRows, std::size_t kVectors>
inline void multiply(const float* a, std::size_t a_depth, const float* b, std::size_t b_depth, std::size_t depth,
                     Floats (&sums)[kRows][kVectors]) {
  for (std::size_t p = 0; p < depth; p++, a += a_depth, b += b_depth) {
    Floats right[kVectors];
    for (std::size_t v = 0; v < kVectors; v++) right[v] = load<Floats>(b + v * kLanes);
    // Both stream from the second cache; a panel of a takes less than a line a step.
    __builtin_prefetch(a + 8 * kLine);
    for (std::size_t v = 0; v < kVectors * kLanes; v += kLine) __builtin_prefetch(b + 32 * kLine + v);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; r++)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; v++) sums[r][v] += a[r] * right[v];
  }
}

// The same of rows that lie one after another: a[r * a_row + p].
template <std::size_t kRows, std::size_t kVectors>
inline void multiply_rows(const float* a, std::size_t a_row, const float* b, std::size_t b_depth, std::size_t depth,
                          Floats (&sums)[kRows][kVectors]) {
  for (std::size_t p = 0; p < depth; p++, b += b_depth) {
    Floats right[kVectors];
    for (std::size_t v = 0; v < kVectors; v++) right[v] = load<Floats>(b + v * kLanes);
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; r++)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; v++) sums[r][v] += a[r * a_row + p] * right[v];
  }
}

// The same of listed rows of b, from column `at` on.
template <std::size_t kRows, std::size_t kVectors>
inline void multiply_listed(const float* a, std::size_t a_depth, const RowList& b, const RowList& next, std::size_t at,
                            std::size_t depth, Floats (&sums)[kRows][kVectors]) {
  for (std::size_t p = 0; p < depth; p++, a += a_depth) {
    Floats right[kVectors];
    for (std::size_t v = 0; v < kVectors; v++) right[v] = load<Floats>(b.rows[p] + at + v * kLanes);
    __builtin_prefetch(b.rows[p + kListAhead] + at);
    // Into the second cache.
    for (std::size_t v = 0; v < kVectors * kLanes; v += kLine) {
      __builtin_prefetch(next.base[p] + at + v, 0, 2);
      __builtin_prefetch(next.other[p] + at + v, 0, 2);
    }
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; r++)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; v++) sums[r][v] += a[r] * right[v];
  }
}

// A function of its own, so that nothing but the chain's sums takes registers.
__attribute__((noinline)) void add_chain(const float* a, const float* b, std::size_t depth, Floats (&sums)[kTileRows][2]) {
  Floats chain[kTileRows][2] = {};
  multiply(a, kTileRows, b, kTileCols, depth, chain);
  for (std::size_t r = 0; r < kTileRows; r++)
    for (std::size_t v = 0; v < 2; v++) sums[r][v] += chain[r][v];
}

std::size_t search(const Rows& left, const Rows& right, std::size_t cols, const float* limit, std::size_t panels,
                   Hits& hits) {
  for (std::size_t p = 0; p < panels; p++) {
    const auto* a = static_cast<const float*>(left.panels);
    const auto* b = static_cast<const float*>(right.panels) + p * kTileCols * cols;
    Floats sums[kTileRows][2] = {};
    for (std::size_t start = 0; start < cols; start += kChain)
      add_chain(a + start * kTileRows, b + start * kTileCols, cols - start < kChain ? cols - start : kChain, sums);
    const Floats bias[2] = {load<Floats>(right.bias + p * kTileCols), load<Floats>(right.bias + p * kTileCols + kLanes)};
    if (collect<kTileRows>([&](std::size_t r, std::size_t v) { return bias[v] - sums[r][v]; }, limit, hits)) return p;
  }
  return panels;
}

float largest(const float* values, std::size_t count) {
  Floats most[4] = {};
  std::size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes)
    for (std::size_t v = 0; v < 4; v++) {
      const Floats value = load<Floats>(values + i + v * kLanes);
      const Floats size = value < 0 ? -value : value;
      most[v] = size > most[v] ? size : most[v];
    }
  float result = 0;
  for (std::size_t v = 0; v < 4; v++)
    for (std::size_t l = 0; l < kLanes; l++) result = most[v][l] > result ? most[v][l] : result;
  for (; i < count; i++) {
    const float size = values[i] < 0 ? -values[i] : values[i];
    result = size > result ? size : result;
  }
  return result;
}

template <std::size_t kWidth>
void pack(const float* x, std::size_t cols, const std::int32_t* ids, std::size_t count, const Frame& frame, float*,
          const Rows& to) {
  auto* panel = static_cast<float*>(to.panels);
  // Squares of kLanes rows and as many columns.
  for (std::size_t first = 0; first < kWidth; first += kLanes) {
    const std::size_t width = kWidth - first < kLanes ? kWidth - first : kLanes;
    const std::size_t rows = first < count ? (count - first < width ? count - first : width) : 0;
    Doubles sums[kLanes][2] = {};
    for (std::size_t start = 0; start < cols; start += kLanes) {
      const std::size_t taken = cols - start < kLanes ? cols - start : kLanes;
      const auto part = [taken](const float* from) {
        if (taken == kLanes) return load<Floats>(from);
        Floats value = {};
        __builtin_memcpy(&value, from, taken * sizeof(float));
        return value;
      };
      const Floats centre = part(frame.centre + start);
      Floats square[kLanes] = {};
      for (std::size_t r = 0; r < rows; r++) {
        const float* from = x + static_cast<std::size_t>(ids[first + r]) * cols + start;
        __builtin_prefetch(from + 8 * kLine);
        square[r] = part(from) * frame.scale - centre;
        float halves[kLanes];
        store(halves, square[r]);
        const Doubles low = widen(load<HalfFloats>(halves));
        const Doubles high = widen(load<HalfFloats>(halves + kHalf));
        sums[r][0] += low * low;
        sums[r][1] += high * high;
      }
      transpose(square);
      float* at = panel + start * kWidth + first;
      for (std::size_t j = 0; j < taken; j++, at += kWidth)
        if (kWidth % kLanes == 0 || width == kLanes)
          store(at, square[j]);
        else
          __builtin_memcpy(at, &square[j], kWidth % kLanes * sizeof(float));
    }
    for (std::size_t r = 0; r < width; r++) {
      const Doubles sum = sums[r][0] + sums[r][1];
      to.norm[first + r] = 0;
      for (std::size_t l = 0; l < kHalf; l++) to.norm[first + r] += sum[l];
      to.scale[first + r] = 1;
      to.error[first + r] = 0;
      to.start[first + r] = 0;
    }
  }
}

inline float blend(float sum, float alpha, float beta, float before) {
  return alpha * sum + beta * before;
}

// A whole tile; a function of its own, so that its sums stay in registers to the end.
template <std::size_t kRows, std::size_t kVectors>
__attribute__((noinline)) void whole_tile(const float* a, std::size_t a_row, std::size_t a_depth, const float* b, std::size_t b_depth,
                                          std::size_t depth, float alpha, float beta, float* c, std::size_t c_row) {
  // Early enough to be there at the end; a shallow product would only wait for it.
  if (depth >= kLine)
    for (std::size_t r = 0; r < kRows; r++)
      for (std::size_t v = 0; v < kVectors; v++) __builtin_prefetch(c + r * c_row + v * kLanes, 1);
  Floats sums[kRows][kVectors] = {};
  if (a_row == 1)
    multiply(a, a_depth, b, b_depth, depth, sums);
  else
    multiply_rows(a, a_row, b, b_depth, depth, sums);
  const auto each = [&](const auto& write) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (std::size_t r = 0; r < kRows; r++)
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; v++) write(c + r * c_row + v * kLanes, sums[r][v]);
  };
  if (beta == 0)
    each([alpha](float* to, Floats sum) { store(to, alpha * sum); });
  else
    each([alpha, beta](float* to, Floats sum) { store(to, alpha * sum + beta * load<Floats>(to)); });
}

template <std::size_t kRows, std::size_t kVectors>
void outer_rows(const float* a, std::size_t a_row, std::size_t a_depth, const float* b, std::size_t b_depth, std::size_t depth,
                std::size_t cols, float alpha, float beta, float* c, std::size_t c_row, std::size_t c_col) {
  if (cols == kVectors * kLanes && c_col == 1)
    return whole_tile<kRows, kVectors>(a, a_row, a_depth, b, b_depth, depth, alpha, beta, c, c_row);
  float tile[kRows][kVectors * kLanes];
  whole_tile<kRows, kVectors>(a, a_row, a_depth, b, b_depth, depth, 1, 0, tile[0], kVectors * kLanes);
  for (std::size_t r = 0; r < kRows; r++)
    for (std::size_t j = 0; j < cols; j++) {
      float& to = c[r * c_row + j * c_col];
      to = blend(tile[r][j], alpha, beta, beta == 0 ? 0 : to);
    }
}

template <std::size_t kRows>
void outer_of(const float* a, std::size_t a_row, std::size_t a_depth, const float* b, std::size_t b_depth, std::size_t depth,
              std::size_t rows, std::size_t cols, float alpha, float beta, float* c, std::size_t c_row,
              std::size_t c_col) {
  if constexpr (kRows > 0) {
    if (rows < kRows)
      outer_of<kRows - 1>(a, a_row, a_depth, b, b_depth, depth, rows, cols, alpha, beta, c, c_row, c_col);
    else if (cols > kLanes)
      outer_rows<kRows, 2>(a, a_row, a_depth, b, b_depth, depth, cols, alpha, beta, c, c_row, c_col);
    else
      outer_rows<kRows, 1>(a, a_row, a_depth, b, b_depth, depth, cols, alpha, beta, c, c_row, c_col);
  }
}

template <std::size_t kRows>
void outer_listed_of(const float* a, std::size_t a_depth, const RowList& b, const RowList& next, std::size_t at, std::size_t depth,
                     std::size_t rows, std::size_t cols, float* c, std::size_t c_row) {
  if constexpr (kRows > 0) {
    if (rows < kRows) return outer_listed_of<kRows - 1>(a, a_depth, b, next, at, depth, rows, cols, c, c_row);
    Floats sums[kRows][2] = {};
    multiply_listed(a, a_depth, b, next, at, depth, sums);
    for (std::size_t r = 0; r < kRows; r++) __builtin_memcpy(c + r * c_row, sums[r], cols * sizeof(float));
  }
}

template <std::size_t kWidth>
void interleave_panel(const float* from, std::size_t row, std::size_t col, std::size_t count, std::size_t depth, float* to) {
  // Squares of kLanes rows and as many columns; what is written too much is written again by the next column.
  const bool along = col == 1;
  for (std::size_t first = 0; first < kWidth; first += kLanes) {
    const std::size_t rows = first < count ? (count - first < kLanes ? count - first : kLanes) : 0;
    const std::size_t width = kWidth - first < kLanes ? kWidth - first : kLanes;
    std::size_t p = 0;
    if (along)
      for (; p + kLanes <= depth; p += kLanes) {
        Floats square[kLanes] = {};
        if (rows == width)
#pragma GCC unroll 16
          for (std::size_t r = 0; r < width; r++) {
            const float* at = from + (first + r) * row + p;
            square[r] = load<Floats>(at);
            __builtin_prefetch(at + 4 * kLine);
          }
        else
          for (std::size_t r = 0; r < rows; r++) square[r] = load<Floats>(from + (first + r) * row + p);
        transpose(square);
#pragma GCC unroll 16
        for (std::size_t j = 0; j < kLanes; j++) {
          float* at = to + (p + j) * kWidth + first;
          if (kWidth < kLanes || width == kLanes)
            store(at, square[j]);
          else
            __builtin_memcpy(at, &square[j], (kWidth % kLanes) * sizeof(float));
        }
      }
    for (; p < depth; p++) {
      for (std::size_t r = 0; r < rows; r++) to[p * kWidth + first + r] = from[(first + r) * row + p * col];
      for (std::size_t r = rows; r < width; r++) to[p * kWidth + first + r] = 0;
    }
  }
}

template <std::size_t kWidth>
void interleave_width(const float* from, std::size_t row, std::size_t col, std::size_t count, std::size_t depth, float* to) {
  std::size_t whole = 0;
  if (row == 1) {
    // Along what is contiguous, over all panels, some lines of each at a time.
    constexpr std::size_t kSteps = 8;
    whole = count / kWidth * kWidth;
    for (std::size_t start = 0; start < depth; start += kSteps) {
      const std::size_t end = start + kSteps < depth ? start + kSteps : depth;
      for (std::size_t r = 0; r < whole; r += kWidth)
        for (std::size_t p = start; p < end; p++) {
          const float* at = from + p * col + r;
          __builtin_prefetch(at + 8 * kLine);
          __builtin_memcpy(to + r * depth + p * kWidth, at, kWidth * sizeof(float));
        }
    }
  }
  for (std::size_t r = whole; r < count; r += kWidth)
    interleave_panel<kWidth>(from + r * row, row, col, count - r < kWidth ? count - r : kWidth, depth, to + r * depth);
}

void interleave(const float* from, std::size_t row, std::size_t col, std::size_t count, std::size_t depth,
                std::size_t width, float* to) {
  width == kTileRows ? interleave_width<kTileRows>(from, row, col, count, depth, to)
                     : interleave_width<kTileCols>(from, row, col, count, depth, to);
}

// One vector of the sums of kLanes vectors, in their order.
inline Floats sums_of(Floats (&values)[kLanes]) {
#pragma GCC unroll 4
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
#pragma GCC unroll 8
    for (std::size_t i = 0; i < half; i++)
      values[i] = interleave_low(values[i], values[i + half]) + interleave_high(values[i], values[i + half]);
  return values[0];
}

// Rows one after another, and listed ones.
struct Even {
  const float* data;
  std::size_t depth;
  static constexpr bool kAsks = false;
  const float* at(std::size_t row) const { return data + row * depth; }
  void make(std::size_t) const {}
  // Of a row to come, beside step p.
  void ask(std::size_t row, std::size_t p) const { __builtin_prefetch(at(row) + p); }
  Even from(std::size_t row) const { return {at(row), depth}; }
  Even part(std::size_t, std::size_t) const { return *this; }
};
struct Listed {
  RowList list;
  std::size_t depth;
  // Each group of outputs asks memory for a part of the columns to come: it answers only so fast.
  std::size_t first = 0;
  std::size_t pace = kLanes;
  static constexpr bool kAsks = true;
  const float* at(std::size_t row) const { return list.rows[row]; }
  void make(std::size_t rows) const {
    for (std::size_t r = 0; r < rows; r++)
      if (list.rows[r] != list.base[r]) interpolate_row(list.base[r], list.other[r], list.share[r], depth, list.rows[r]);
  }
  void ask(std::size_t row, std::size_t p) const {
    const std::size_t ahead = first + p / kLanes * pace;
    __builtin_prefetch(list.base[row] + ahead);
    __builtin_prefetch(list.other[row] + ahead);
  }
  Listed from(std::size_t row) const { return {{list.rows + row, list.base + row, list.other + row, list.share + row}, depth}; }
  Listed part(std::size_t group, std::size_t groups) const {
    return {list, depth, group * depth / groups, (kLanes + groups - 1) / groups};
  }
};

template <std::size_t kRows, std::size_t kCols, typename Left>
__attribute__((noinline)) void inner_tile(Left a, const float* b, std::size_t depth, float alpha, float beta,
                                          float* c, std::size_t c_row, std::size_t c_col) {
  Floats sums[kRows][kCols] = {};
  std::size_t p = 0;
  for (; p + kLanes <= depth; p += kLanes) {
    Floats right[kCols];
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kCols; j++) right[j] = load<Floats>(b + j * depth + p);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; r++) {
      const float* at = a.at(r) + p;
      const Floats left = held(load<Floats>(at));
      // The rows of the next tile may come from memory. With fewer columns loads are what takes the time.
      if constexpr (kCols > kFewDotCols || Left::kAsks) a.ask(kRows + r, p);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kCols; j++) sums[r][j] += left * right[j];
    }
  }
  constexpr std::size_t kSums = kRows * kCols;
  float dots[(kSums + kLanes - 1) / kLanes * kLanes];
#pragma GCC unroll 2
  for (std::size_t first = 0; first < kSums; first += kLanes) {
    Floats group[kLanes] = {};
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kLanes; i++)
      if (first + i < kSums) group[i] = sums[(first + i) / kCols][(first + i) % kCols];
    store(dots + first, sums_of(group));
  }
  if (p < depth)
    for (std::size_t r = 0; r < kRows; r++)
      for (std::size_t j = 0; j < kCols; j++)
        for (std::size_t rest = p; rest < depth; rest++)
          dots[r * kCols + j] += a.at(r)[rest] * b[j * depth + rest];
  for (std::size_t r = 0; r < kRows; r++)
    for (std::size_t j = 0; j < kCols; j++) {
      float& to = c[r * c_row + j * c_col];
      to = blend(dots[r * kCols + j], alpha, beta, beta == 0 ? 0 : to);
    }
}

// Columns in groups as even as they can be, of at most kCols.
template <std::size_t kRows, std::size_t kCols, typename Left>
inline void inner_group(Left a, const float* b, std::size_t depth, std::size_t cols, float alpha, float beta,
                        float* c, std::size_t c_row, std::size_t c_col) {
  if (cols == kCols)
    inner_tile<kRows, kCols>(a, b, depth, alpha, beta, c, c_row, c_col);
  else if constexpr (kCols > 1)
    inner_group<kRows, kCols - 1>(a, b, depth, cols, alpha, beta, c, c_row, c_col);
}

template <std::size_t kRows, std::size_t kCols, typename Left>
inline void inner_rows(Left a, const float* b, std::size_t depth, std::size_t cols, float alpha, float beta,
                       float* c, std::size_t c_row, std::size_t c_col) {
  const std::size_t groups = (cols + kCols - 1) / kCols;
  a.make(kRows);
  for (std::size_t group = 0, j = 0; group < groups; group++) {
    const std::size_t width = (cols - j + groups - group - 1) / (groups - group);
    inner_group<kRows, kCols>(a.part(group, groups), b + j * depth, depth, width, alpha, beta, c + j * c_col, c_row, c_col);
    j += width;
  }
}

template <std::size_t kRows, std::size_t kCols, typename Left>
void inner_of(Left a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float alpha,
              float beta, float* c, std::size_t c_row, std::size_t c_col) {
  std::size_t r = 0;
  for (; r + kRows <= rows; r += kRows)
    inner_rows<kRows, kCols>(a.from(r), b, depth, cols, alpha, beta, c + r * c_row, c_row, c_col);
  for (; r < rows; r++) inner_rows<1, kCols>(a.from(r), b, depth, cols, alpha, beta, c + r * c_row, c_row, c_col);
}

template <typename Left>
inline void inner_any(Left a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float alpha, float beta,
                      float* c, std::size_t c_row, std::size_t c_col) {
  cols <= kFewDotCols ? inner_of<kFewDotRows, kFewDotCols>(a, b, depth, rows, cols, alpha, beta, c, c_row, c_col)
                      : inner_of<kDotRows, kDotCols>(a, b, depth, rows, cols, alpha, beta, c, c_row, c_col);
}

void inner(const float* a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float alpha,
           float beta, float* c, std::size_t c_row, std::size_t c_col) {
  inner_any(Even{a, depth}, b, depth, rows, cols, alpha, beta, c, c_row, c_col);
}

void inner_listed(const RowList& a, const float* b, std::size_t depth, std::size_t rows, std::size_t cols, float beta,
                  float* c, std::size_t c_row) {
  static_assert(kDotRows <= kListAhead && kFewDotRows <= kListAhead);
  inner_any(Listed{a, depth}, b, depth, rows, cols, 1, beta, c, c_row, 1);
}

#define EQUIPOISE_TEXT(name) #name
#define EQUIPOISE_NAME(name) EQUIPOISE_TEXT(name)

}  // namespace

#if EQUIPOISE_INT8
extern const Screen int8;
constexpr const Screen* kInt8 = &int8;
#else
constexpr const Screen* kInt8 = nullptr;
#endif

extern const Learning learning;

extern const Isa isa;
const Isa isa = {
    EQUIPOISE_NAME(EQUIPOISE_ISA),
    l2sq,
    interpolate,
    largest,
    {kTileRows, kTileCols, 1, sizeof(float), pack<kTileRows>, pack<kTileCols>, search, nullptr, nullptr},
    kInt8,
    kTileRows,
    kTileCols,
    outer_of<kTileRows>,
    inner,
    inner_listed,
    outer_listed_of<kTileRows>,
    interleave,
    filter_rows,
    filter_column,
    &learning,
};

}  // namespace equipoise::EQUIPOISE_ISA
