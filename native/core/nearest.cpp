// Exact nearest rows. A float32 matrix product screens candidates with a margin that provably covers its rounding errors;
// the few that pass are ranked by the canonical float64 distance, so the product never decides anything.
//
// The margin. Rows are moved to u = s x - m, rounded to float32, with s a power of two and m near the mean of s x (any m is
// correct; a central one makes |u| and with it the errors small). Write e = 2^-24, and a, b for the norms of the u of the
// query and the candidate. Then, for S = s^2 |x_q - x_c|^2,
//   1. rounding u moves each row by at most e |u|, so S differs from |u_q - u_c|^2 = a^2 + b^2 - 2 u_q.u_c by at most
//      2 e (a + b)^2 <= 4 e (a^2 + b^2), second-order terms aside;
//   2. the float32 product errs by at most g a b <= g (a^2 + b^2) / 2, where g = n e / (1 - n e) and n counts the roundings
//      a term goes through: its chain, the sum of chains, and one for a product that is not fused;
//   3. bias - product rounds once more: at most e (a^2 + b^2).
// So with c = g + 8 e (2 e of it slack for the second-order terms), S / 2 is at least
// [b^2 (1 - c) / 2 - product] + a^2 (1 - c) / 2 - tiny, where `tiny` covers underflow, even where the caller's CPU flushes
// subnormals to zero: every operation then loses at most 2^-126 times a factor below 8. The first term in the bracket is a
// candidate's `bias`, and a candidate is passed over only where the bracket exceeds the query's `limit`,
//   s^2 L (1 + 2 h) / 2 - a^2 (1 - c) / 2 + tiny,
// L being its k-th canonical distance so far and h the relative error of canonical distances. Then its own canonical
// distance is above L: it cannot belong to the answer, not even by a tie. |u| <= 4, so nothing overflows.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "../simd/isa.hpp"
#include "buffer.hpp"
#include "kernels.hpp"
#include "threads.hpp"

namespace equipoise {
namespace {

constexpr double kFloatRounding = 0x1p-24;
constexpr double kDoubleRounding = 0x1p-53;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Packed queries of a thread stay in its outer cache, packed candidates in its inner one.
constexpr std::size_t kQueryBytes = std::size_t{4} << 20;
constexpr std::size_t kCandidateBytes = std::size_t{1} << 20;
constexpr std::size_t kMostQueries = 4096;
constexpr std::size_t kMostCandidates = 4096;
constexpr std::size_t kCentreRows = 4096;

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

struct Found {
  double l2sq;
  std::int32_t id;
  bool operator<(const Found& other) const { return l2sq != other.l2sq ? l2sq < other.l2sq : id < other.id; }
};

// Positions in class order, all rows of one class.
struct Range {
  std::size_t begin;
  std::size_t end;
};

class Search {
 public:
  Search(const Isa& isa, const Nearest& task)
      : isa_(isa),
        task_(task),
        keep_(std::min(task.k, task.rows)),
        order_(task.rows),
        query_order_(task.queries.size()),
        centre_(task.cols) {}

  Status run() {
    if (!order_ || !query_order_ || !centre_) return Status::kOutOfMemory;
    sort_by_class();
    choose_frame();
    choose_blocks();
    on_threads(std::min(task_.threads, blocks_), [this] { work(); });
    if (out_of_memory_) return Status::kOutOfMemory;
    return stopped() ? Status::kStopped : Status::kDone;
  }

 private:
  std::int32_t label(std::int32_t row) const { return task_.among == Among::kAll ? 0 : task_.labels[row]; }

  bool stopped() const { return task_.control != nullptr && __atomic_load_n(task_.control, __ATOMIC_RELAXED) != 0; }

  // Rows and queries by class: then the candidates of a query are everything but one range of positions, or only that range,
  // and tiles in which no pair counts are never multiplied.
  void sort_by_class() {
    for (std::size_t i = 0; i < task_.rows; i++) order_[i] = static_cast<std::int32_t>(i);
    for (std::size_t q = 0; q < task_.queries.size(); q++) query_order_[q] = static_cast<std::int32_t>(q);
    if (task_.among == Among::kAll) return;
    std::sort(order_.get(), order_.get() + task_.rows, [this](std::int32_t a, std::int32_t b) {
      return label(a) != label(b) ? label(a) < label(b) : a < b;
    });
    std::sort(query_order_.get(), query_order_.get() + task_.queries.size(), [this](std::int32_t a, std::int32_t b) {
      const std::int32_t class_a = label(task_.queries[a]);
      const std::int32_t class_b = label(task_.queries[b]);
      return class_a != class_b ? class_a < class_b : a < b;
    });
  }

  void choose_frame() {
    const std::size_t cols = task_.cols;
    int exponent = 0;
    std::frexp(isa_.largest(task_.x, task_.rows * cols), &exponent);
    frame_.scale = std::ldexp(1.0f, std::clamp(-1 - exponent, -126, 100));
    // Any centre is correct, so some rows are enough.
    const std::size_t step = std::max<std::size_t>(1, task_.rows / kCentreRows);
    const double weight = static_cast<double>(frame_.scale) / static_cast<double>((task_.rows + step - 1) / step);
    std::fill_n(centre_.get(), cols, 0.0f);
    for (std::size_t row = 0; row < task_.rows; row += step)
      for (std::size_t j = 0; j < cols; j++) centre_[j] += static_cast<float>(weight * task_.x[row * cols + j]);
    frame_.centre = centre_.get();

    const double d = static_cast<double>(cols);
    const double chain = static_cast<double>(std::min(cols, kChain));
    const double roundings = (chain + std::ceil(d / kChain) + 2) * kFloatRounding;
    shrink_ = 1 - (roundings / (1 - roundings) + 8 * kFloatRounding + (d + 64) * kDoubleRounding);
    tiny_ = 1024 * (d + 8) * 0x1p-126;
    grow_ = 1 + 2 * (d / 8 + 16) * kDoubleRounding;
  }

  void choose_blocks() {
    const std::size_t row_bytes = std::max<std::size_t>(1, task_.cols) * sizeof(float);
    const std::size_t queries = task_.queries.size();
    std::size_t most = std::min(kQueryBytes / row_bytes, kQueryBytes / (std::max<std::size_t>(1, keep_) * sizeof(Found)));
    most = std::clamp(most, isa_.tile_rows, kMostQueries);
    // As many blocks for each thread, of one size.
    const std::size_t threads = std::max<std::size_t>(1, task_.threads);
    const std::size_t wanted = round_up((queries + most - 1) / most, threads);
    block_ = round_up(std::max<std::size_t>(1, (queries + wanted - 1) / std::max<std::size_t>(1, wanted)), isa_.tile_rows);
    blocks_ = (queries + block_ - 1) / block_;
    candidates_ = std::clamp(kCandidateBytes / row_bytes / isa_.tile_cols * isa_.tile_cols, isa_.tile_cols, kMostCandidates);
  }

  // What a thread needs for one block of queries and one of candidates.
  struct Scratch {
    Scratch(std::size_t block, std::size_t candidates, std::size_t cols, std::size_t keep)
        : queries(block * cols),
          query_norms(block),
          limits(block),
          classes(block),
          found(block * keep),
          counts(block),
          rows(candidates * cols),
          row_norms(candidates),
          bias(candidates) {}
    explicit operator bool() const {
      return queries && query_norms && limits && classes && found && counts && rows && row_norms && bias;
    }

    Buffer<float> queries;
    Buffer<double> query_norms;
    Buffer<float> limits;
    Buffer<Range> classes;
    Buffer<Found> found;
    Buffer<std::size_t> counts;
    Buffer<float> rows;
    Buffer<double> row_norms;
    Buffer<float> bias;
  };

  void work() {
    Scratch scratch(block_, candidates_, task_.cols, keep_);
    if (!scratch) {
      out_of_memory_ = true;
      return;
    }
    for (;;) {
      const std::size_t block = next_.fetch_add(1);
      if (block >= blocks_ || out_of_memory_ || stopped()) return;
      const std::size_t begin = block * block_;
      search_block(scratch, begin, std::min(block_, task_.queries.size() - begin));
    }
  }

  std::int32_t query_row(std::size_t sorted) const { return task_.queries[query_order_[sorted]]; }

  void search_block(Scratch& scratch, std::size_t begin, std::size_t count) {
    const Range positions = pack_queries(scratch, begin, count);
    std::int32_t told = 0;
    for (std::size_t start = positions.begin; start < positions.end; start += candidates_) {
      if (stopped()) return;
      const std::size_t end = std::min(start + candidates_, positions.end);
      pack_candidates(scratch, start, end);
      for (std::size_t q = 0; q < count; q += isa_.tile_rows) search_panel(scratch, begin, q, count, {start, end});
      if (task_.control == nullptr) continue;
      const double share = static_cast<double>(end - positions.begin) / static_cast<double>(positions.end - positions.begin);
      const auto done = static_cast<std::int32_t>(share * static_cast<double>(count));
      __atomic_fetch_add(task_.control + 1, done - told, __ATOMIC_RELAXED);
      told = done;
    }
    for (std::size_t q = 0; q < count; q++) write_out(scratch, begin, q);
  }

  // Returns the positions that hold every candidate of the block.
  Range pack_queries(Scratch& scratch, std::size_t begin, std::size_t count) {
    Range all = {task_.rows, 0};
    for (std::size_t q = 0; q < count; q += isa_.tile_rows) {
      const std::size_t rows = std::min(isa_.tile_rows, count - q);
      std::int32_t ids[32];
      for (std::size_t r = 0; r < rows; r++) ids[r] = query_row(begin + q + r);
      isa_.pack(task_.x, task_.cols, ids, rows, isa_.tile_rows, frame_, scratch.queries.get() + q * task_.cols,
                scratch.query_norms.get() + q);
    }
    for (std::size_t q = 0; q < count; q++) {
      const std::int32_t own = label(query_row(begin + q));
      const bool same_as_before = q > 0 && own == label(query_row(begin + q - 1));
      scratch.classes[q] = same_as_before ? scratch.classes[q - 1] : class_range(own);
      scratch.counts[q] = 0;
      scratch.limits[q] = kInfinity;
      all.begin = std::min(all.begin, scratch.classes[q].begin);
      all.end = std::max(all.end, scratch.classes[q].end);
    }
    for (std::size_t q = count; q < round_up(count, isa_.tile_rows); q++) scratch.limits[q] = -kInfinity;
    return task_.among == Among::kSameClass ? all : Range{0, task_.rows};
  }

  // The class of a query; nothing where classes do not count.
  Range class_range(std::int32_t own) const {
    if (task_.among == Among::kAll) return {0, 0};
    const std::int32_t* first = order_.get();
    const std::int32_t* last = first + task_.rows;
    const auto below = [this](std::int32_t row, std::int32_t value) { return label(row) < value; };
    const auto above = [this](std::int32_t value, std::int32_t row) { return value < label(row); };
    return {static_cast<std::size_t>(std::lower_bound(first, last, own, below) - first),
            static_cast<std::size_t>(std::upper_bound(first, last, own, above) - first)};
  }

  void pack_candidates(Scratch& scratch, std::size_t start, std::size_t end) {
    const std::size_t width = isa_.tile_cols;
    for (std::size_t p = start; p < end; p += width) {
      const std::size_t rows = std::min(width, end - p);
      const std::size_t at = p - start;
      isa_.pack(task_.x, task_.cols, order_.get() + p, rows, width, frame_, scratch.rows.get() + at * task_.cols,
                scratch.row_norms.get() + at);
      for (std::size_t r = 0; r < width; r++)
        scratch.bias[at + r] = std::nextafter(static_cast<float>(0.5 * scratch.row_norms[at + r] * shrink_), -kInfinity);
    }
  }

  // Bits of the lanes at positions p, p + 1, … that lie in `range`.
  static std::uint32_t lanes_in(const Range& range, std::size_t p) {
    const auto below = [p](std::size_t position) -> std::uint32_t {
      if (position <= p) return 0;
      return position - p >= 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << (position - p)) - 1;
    };
    return below(range.end) & ~below(range.begin);
  }

  // One tile of queries, from `q` of the block, against a block of candidates.
  void search_panel(Scratch& scratch, std::size_t begin, std::size_t q, std::size_t count, Range block) {
    const std::size_t rows = std::min(isa_.tile_rows, count - q);
    const bool inside = task_.among == Among::kSameClass;
    // Sorted by class: these two bound all ranges of the tile.
    const Range& first = scratch.classes[q];
    const Range& last = scratch.classes[q + rows - 1];
    std::uint32_t hits[32];
    for (std::size_t p = block.begin; p < block.end; p += isa_.tile_cols) {
      const std::size_t end = std::min(p + isa_.tile_cols, block.end);
      if (inside ? end <= first.begin || p >= last.end : p >= last.begin && end <= first.end) continue;
      const std::size_t at = p - block.begin;
      if (!isa_.screen(scratch.queries.get() + q * task_.cols, scratch.rows.get() + at * task_.cols, task_.cols,
                       scratch.bias.get() + at, scratch.limits.get() + q, hits))
        continue;
      for (std::size_t r = 0; r < rows; r++) {
        if (hits[r] == 0) continue;
        const std::uint32_t own = lanes_in(scratch.classes[q + r], p);
        std::uint32_t left = hits[r] & (inside ? own : ~own) & lanes_in(block, p);
        const std::int32_t query = query_row(begin + q + r);
        for (; left != 0; left &= left - 1)
          rank(scratch, q + r, query, order_[p + static_cast<std::size_t>(__builtin_ctz(left))]);
      }
    }
  }

  // Puts the candidate among the k nearest so far, a heap with the farthest on top, if it belongs there.
  void rank(Scratch& scratch, std::size_t q, std::int32_t query, std::int32_t id) {
    if (id == query) return;
    const std::size_t cols = task_.cols;
    const Found candidate = {isa_.l2sq(task_.x + static_cast<std::size_t>(query) * cols,
                                       task_.x + static_cast<std::size_t>(id) * cols, cols),
                             id};
    Found* heap = scratch.found.get() + q * keep_;
    std::size_t& count = scratch.counts[q];
    if (count == keep_) {
      if (!(candidate < heap[0])) return;
      std::pop_heap(heap, heap + count);
      heap[count - 1] = candidate;
    } else {
      heap[count++] = candidate;
    }
    std::push_heap(heap, heap + count);
    if (count < keep_) return;
    const double scale = frame_.scale;
    const double limit =
        0.5 * scale * scale * heap[0].l2sq * grow_ - 0.5 * scratch.query_norms[q] * shrink_ + tiny_;
    scratch.limits[q] = std::nextafter(static_cast<float>(limit), kInfinity);
  }

  void write_out(Scratch& scratch, std::size_t begin, std::size_t q) {
    Found* heap = scratch.found.get() + q * keep_;
    const std::size_t count = scratch.counts[q];
    std::sort_heap(heap, heap + count);
    const std::size_t at = static_cast<std::size_t>(query_order_[begin + q]) * task_.k;
    for (std::size_t i = 0; i < task_.k; i++) {
      task_.indices[at + i] = i < count ? heap[i].id : -1;
      task_.l2sq[at + i] = i < count ? static_cast<float>(heap[i].l2sq) : kInfinity;
    }
  }

  const Isa& isa_;
  const Nearest& task_;
  const std::size_t keep_;
  Buffer<std::int32_t> order_;
  Buffer<std::int32_t> query_order_;
  Buffer<float> centre_;
  Frame frame_ = {};
  double shrink_ = 0;  // 1 - c
  double grow_ = 0;    // 1 + 2 h
  double tiny_ = 0;
  std::size_t block_ = 0;
  std::size_t blocks_ = 0;
  std::size_t candidates_ = 0;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> out_of_memory_ = false;
};

}  // namespace

Status nearest(const Isa& isa, const Nearest& task) noexcept {
  if (task.queries.empty()) return Status::kDone;
  return Search(isa, task).run();
}

}  // namespace equipoise
