// Exact nearest rows. A fast product finds candidates with a margin that provably covers its errors; the few that pass are
// ranked by the canonical float64 distance, so the product never decides anything. docs/search.md has the proof in full.
//
// Rows are moved to u = s x - m, rounded to float32, with s a power of two and m near the mean of s x (any m is correct; a
// central one makes |u| and with it the errors small). Write e = 2^-24, a and b for the norms of the u of the query and the
// candidate, P for their product, and S = s^2 |x_q - x_c|^2. A screen knows P up to a stated error E >= 0 and to rounding:
// float32 multiplies the u themselves, E = 0; int8 multiplies u = scale q + r without the r, and by Cauchy-Schwarz
//   E = |u_q| |r_c| + |r_q| |u_c| + |r_q| |r_c| <= length_q residual_c + residual_q length_c.
// All roundings together change S / 2 by at most c (a^2 + b^2) / 2 + tiny (see `choose_margins`), so that
//   v = b^2 (1 - c) / 2 - P - E       has    S / 2 >= v + o - tiny,    o = a^2 (1 - c) / 2,
//   w = v + 2 E + c (a^2 + b^2)       has    S / 2 <= w + o + tiny.
// The screen computes v and lets a candidate pass unless v is above the query's limit. That is the smaller of two numbers: the
// k-th smallest w so far, and s^2 L (1 + 2 h) / 2 - o + tiny, where L is the k-th canonical distance ranked so far and h the
// relative error of canonical distances. Beyond either, a candidate's canonical distance is above k others: it cannot belong to
// the answer, not even by a tie. |u| <= 4 in every column, so nothing overflows.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "../simd/isa.hpp"
#include "buffer.hpp"
#include "kernels.hpp"
#include "panels.hpp"
#include "shortlist.hpp"
#include "threads.hpp"

namespace equipoise {
namespace {

constexpr double kFloatRounding = 0x1p-24;
constexpr double kDoubleRounding = 0x1p-53;

// Packed queries with what is known of them, for all threads; a block of packed candidates, which stays in the second cache; and
// the queries that a thread takes at a time, enough to be worth loading a block for.
constexpr std::size_t kQueryBytes = std::size_t{32} << 20;
constexpr std::size_t kCandidateBytes = std::size_t{768} << 10;
constexpr std::size_t kMostCandidates = 4096;
constexpr std::size_t kPartQueries = 448;
constexpr std::size_t kCentreRows = 4096;

// Below, a product in float32 costs no more than an int8 one with all that belongs to it.
constexpr std::size_t kLeastInt8Cols = 48;
// int8 screening may cost, for what float32 would not have to do, this share of what float32 would cost, and so many rows to
// rank for each query. Costs count in multiplications of the float32 screen: to take in a hit, and to rank a row.
constexpr std::size_t kShare = 16;
constexpr std::size_t kFreeRows = 32;
constexpr std::size_t kHitCost = 1024;
constexpr std::size_t rank_cost(std::size_t cols) { return 4096 + 48 * cols; }

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Search {
 public:
  Search(const Isa& isa, const Nearest& task)
      : isa_(isa),
        task_(task),
        first_(std::min(task.first, task.rows)),
        rows_(std::max(first_, std::min(task.last, task.rows)) - first_),
        keep_(std::min(task.k, rows_)),
        coarse_(choose_screen()),
        screen_(coarse_ != nullptr ? *coarse_ : isa.float32),
        group_(screen_.tile_rows),
        sizes_(choose_sizes()),
        by_class_(task.among == Among::kSameClass ? rows_ : 0),
        query_order_(task.queries.size()),
        centre_(task.cols),
        signs_(task.cols),
        order_(sizes_.ring()),
        candidates_(screen_, Side::kRight, sizes_.ring(), task.cols),
        queries_(screen_, Side::kLeft, sizes_.queries, task.cols),
        rows_of_(sizes_.queries + group_),
        norms_(sizes_.queries + group_),
        groups_(sizes_.queries / group_),
        lists_(sizes_.queries, keep_) {}

  Status run() {
    if (!by_class_ || !query_order_ || !centre_ || !signs_ || !order_ || !candidates_ || !queries_ || !rows_of_ || !norms_ ||
        !groups_ || !lists_)
      return Status::kOutOfMemory;
    if (rows_ == 0) return write_none();
    step_ = coprime_step(rows_);
    sort_by_class();
    choose_frame();
    choose_margins();
    on_threads(std::min(task_.threads, std::max(sizes_.turn_blocks, sizes_.parts)), [this] { work(); });
    if (stopped()) return Status::kStopped;
    return progress_.done() == jobs() ? Status::kDone : Status::kOutOfMemory;
  }

 private:
  const Screen* choose_screen() const {
    if (isa_.int8 == nullptr || task_.cols > kMostInt8Cols) return nullptr;
    if (task_.screening == Screening::kAuto) return task_.cols >= kLeastInt8Cols ? isa_.int8 : nullptr;
    return task_.screening == Screening::kInt8 ? isa_.int8 : nullptr;
  }

  std::int32_t label(std::int32_t row) const { return task_.among == Among::kAll ? 0 : task_.labels[row]; }

  bool stopped() const { return task_.control != nullptr && __atomic_load_n(task_.control, __ATOMIC_RELAXED) != 0; }

  Status write_none() {
    for (std::size_t q = 0; q < task_.queries.size(); q++) write(q, {});
    if (task_.control != nullptr)
      __atomic_store_n(task_.control + 1, static_cast<std::int32_t>(task_.queries.size()), __ATOMIC_RELAXED);
    return Status::kDone;
  }

  // Work comes in turns: while a few blocks of candidates are packed, those packed in the turn before meet all queries of the
  // block of queries at hand, in parts that threads take. Packed candidates are in a ring of two turns.
  struct Sizes {
    std::size_t candidates = 0;  // of a block
    std::size_t blocks = 0;
    std::size_t turn_blocks = 0;  // packed in one turn
    std::size_t turns = 0;
    std::size_t queries = 0;  // of a block, a multiple of the group
    std::size_t query_blocks = 0;
    std::size_t part = 0;  // queries, a multiple of the group
    std::size_t parts = 0;

    std::size_t ring() const { return 2 * turn_blocks * candidates; }
  };

  Sizes choose_sizes() const {
    Sizes sizes;
    const std::size_t row_bytes = std::max<std::size_t>(1, task_.cols) * sizeof(float);
    // int8 rows take a quarter, but where they do not help, their float32 ones are packed too.
    const std::size_t candidate_bytes = coarse_ != nullptr ? 2 * kCandidateBytes : kCandidateBytes;
    const std::size_t width = screen_.tile_cols;
    sizes.candidates = std::clamp(candidate_bytes / row_bytes / width * width, width, kMostCandidates);
    sizes.blocks = (rows_ + sizes.candidates - 1) / sizes.candidates;
    const std::size_t threads = std::max<std::size_t>(1, task_.threads);
    sizes.turn_blocks = std::min(threads, sizes.blocks);
    sizes.turns = rows_ == 0 ? 0 : (sizes.blocks + sizes.turn_blocks - 1) / sizes.turn_blocks;

    const std::size_t queries = task_.queries.size();
    const std::size_t query_bytes = screen_.padded(task_.cols) * screen_.bytes + Shortlists::bytes(keep_);
    const std::size_t most = std::max(kQueryBytes / query_bytes / group_ * group_, group_);
    const std::size_t wanted = (queries + most - 1) / most;
    sizes.queries = round_up((queries + wanted - 1) / wanted, group_);
    sizes.query_blocks = (queries + sizes.queries - 1) / sizes.queries;
    sizes.part = round_up(std::clamp<std::size_t>(sizes.queries / (4 * threads), 1, kPartQueries), group_);
    sizes.parts = (sizes.queries + sizes.part - 1) / sizes.part;
    return sizes;
  }

  // Candidates lie in blocks, and by class in each: then those of a query are everything but one range of a block's positions, or
  // only that range, and tiles in which no pair counts are never multiplied. Blocks take rows from everywhere, so that limits
  // come down early whatever the order of the rows; only where a query's own class counts, classes lie together.
  void sort_by_class() {
    for (std::size_t q = 0; q < task_.queries.size(); q++) query_order_[q] = static_cast<std::int32_t>(q);
    if (task_.among == Among::kAll) return;
    std::sort(query_order_.get(), query_order_.get() + task_.queries.size(), [this](std::int32_t a, std::int32_t b) {
      const std::int32_t class_a = label(task_.queries[a]);
      const std::int32_t class_b = label(task_.queries[b]);
      return class_a != class_b ? class_a < class_b : a < b;
    });
    if (task_.among != Among::kSameClass) return;
    std::iota(by_class_.get(), by_class_.get() + rows_, static_cast<std::int32_t>(first_));
    std::sort(by_class_.get(), by_class_.get() + rows_, ByClass{*this});
  }

  struct ByClass {
    const Search& search;
    bool operator()(std::int32_t a, std::int32_t b) const {
      return search.label(a) != search.label(b) ? search.label(a) < search.label(b) : a < b;
    }
  };

  // Places of a block in the ring.
  Range places(std::size_t block) const {
    const std::size_t begin = block % (2 * sizes_.turn_blocks) * sizes_.candidates;
    return {begin, begin + std::min(sizes_.candidates, rows_ - block * sizes_.candidates)};
  }

  void pack_candidates(std::size_t block, float* row) {
    const Range at = places(block);
    const std::size_t count = at.end - at.begin;
    std::int32_t* order = order_.get() + at.begin;
    const std::size_t start = block * sizes_.candidates;
    if (task_.among == Among::kSameClass)
      std::copy_n(by_class_.get() + start, count, order);
    else
      for (std::size_t i = 0; i < count; i++)
        // 64 bits, where size_t has 32, too.
        order[i] = static_cast<std::int32_t>(first_ + static_cast<std::uint64_t>(start + i) * step_ % rows_);
    if (task_.among == Among::kEnemies) std::sort(order, order + count, ByClass{*this});
    candidates_.pack(at.begin, task_.x, order, count, frame_, 1 - margin_, row, nullptr);
  }

  // A step near the golden section that visits every one of `count` places.
  static std::size_t coprime_step(std::size_t count) {
    std::size_t step = std::max<std::size_t>(1, static_cast<std::size_t>(0.6180339887498949 * static_cast<double>(count)));
    while (std::gcd(step, count) != 1) step++;
    return step;
  }

  void choose_frame() {
    const std::size_t cols = task_.cols;
    float largest = isa_.largest(task_.x + first_ * cols, rows_ * cols);
    for (const std::int32_t query : task_.queries) {
      const std::size_t row = static_cast<std::size_t>(query);
      if (row < first_ || row >= first_ + rows_) largest = std::max(largest, isa_.largest(task_.x + row * cols, cols));
    }
    int exponent = 0;
    std::frexp(largest, &exponent);
    frame_.scale = std::ldexp(1.0f, std::clamp(-1 - exponent, -126, 100));
    // Any centre is correct, so some rows are enough.
    const std::size_t step = std::max<std::size_t>(1, rows_ / kCentreRows);
    const double weight = static_cast<double>(frame_.scale) / static_cast<double>((rows_ + step - 1) / step);
    std::fill_n(centre_.get(), cols, 0.0f);
    for (std::size_t row = first_; row < first_ + rows_; row += step)
      for (std::size_t j = 0; j < cols; j++) centre_[j] += static_cast<float>(weight * task_.x[row * cols + j]);
    frame_.centre = centre_.get();
    // Fixed, so that nothing is drawn here.
    std::uint32_t state = 1;
    for (std::size_t j = 0; j < cols; j++) {
      state = state * 1664525u + 1013904223u;
      signs_[j] = (state >> 31) != 0 ? 1.0f : -1.0f;
    }
    frame_.signs = signs_.get();
  }

  // The roundings in S / 2, in units of a^2 + b^2 >= 2 a b:
  //   1. u moves each row by at most e |u|, so S differs from a^2 + b^2 - 2 P by at most 2 e (a + b)^2: 2 e;
  //   2. the float32 product errs by at most g a b, where g = n e / (1 - n e) and n counts the roundings a term goes through:
  //      its chain, the sum of chains, and one for a product that is not fused: g / 2;
  //   3. v rounds once more in float32, three times after int8 sums, and the bias once: at most 3 e. The roundings of int8 that
  //      grow with a b are in its residuals (panels.hpp);
  //   4. norms and canonical distances, in float64.
  // That is below c / 2. `tiny` covers underflow, even where the caller's CPU flushes subnormals to zero: every operation then
  // loses at most 2^-126 times a factor below 8.
  void choose_margins() {
    const double d = static_cast<double>(task_.cols);
    const double chain = static_cast<double>(std::min(task_.cols, kChain));
    const double roundings = (chain + std::ceil(d / kChain) + 2) * kFloatRounding;
    margin_ = roundings / (1 - roundings) + 16 * kFloatRounding + (8 * d + 1024) * kDoubleRounding;
    tiny_ = 1024 * (d + 8) * 0x1p-126;
    grow_ = 1 + 2 * (d / 8 + 16) * kDoubleRounding;
  }

  // Blocks of candidates that each thread may have packed for float32 besides: those of a turn, which every part of the queries
  // meets, as long as threads and with them blocks are few.
  static constexpr std::size_t kFineBlocks = 4;
  std::size_t fine_blocks() const { return std::min(kFineBlocks, sizes_.turn_blocks); }
  std::size_t fine_slot(std::size_t block) const { return block % fine_blocks(); }

  // What a thread works in. The two panels are for queries for which int8 did not help.
  struct Scratch {
    explicit Scratch(const Search& search)
        : row(search.screen_.padded(search.task_.cols)),
          fine_queries(search.isa_.float32, Side::kLeft, search.coarse_ != nullptr ? search.group_ : 0, search.task_.cols),
          fine_candidates(search.isa_.float32, Side::kRight,
                          search.coarse_ != nullptr ? search.fine_blocks() * search.sizes_.candidates : 0, search.task_.cols) {
      std::fill_n(fine_block, kFineBlocks, SIZE_MAX);
    }
    explicit operator bool() const { return row && fine_queries && fine_candidates; }

    Buffer<float> row;
    Panels fine_queries;
    Panels fine_candidates;
    std::size_t fine_group = SIZE_MAX;
    std::size_t fine_block[kFineBlocks];  // which blocks lie in fine_candidates
    Hits hits;
  };

  // How far int8 screening pays for the queries of one tile.
  struct Group {
    std::size_t allowed = 0;
    std::size_t spent = 0;
    std::size_t waited = 0;  // rows to rank when they were last pruned
  };

  // The turns of a block of queries: one in which the queries themselves are packed, one for each of `turns`, and one in which
  // they are finished. Each hands out blocks to pack, then parts of the queries. A thread that finds no memory leaves before it
  // takes anything.
  void work() {
    Scratch scratch(*this);
    if (!scratch) return;
    if (coarse_ != nullptr && coarse_->enter != nullptr) coarse_->enter();
    for (std::size_t job; !stopped() && (job = next_.fetch_add(1)) < jobs(); progress_.add()) {
      const std::size_t turn = job / turn_jobs() % (sizes_.turns + 2);
      const std::size_t query_block = job / turn_jobs() / (sizes_.turns + 2);
      const std::size_t place = job % turn_jobs();
      if (!wait_for(job - place)) break;
      if (place >= sizes_.turn_blocks)
        work_on(scratch, query_block, place - sizes_.turn_blocks, turn);
      else if (turn * sizes_.turn_blocks + place < sizes_.blocks)
        pack_candidates(turn * sizes_.turn_blocks + place, scratch.row.get());
    }
    if (coarse_ != nullptr && coarse_->leave != nullptr) coarse_->leave();
  }

  std::size_t turn_jobs() const { return sizes_.turn_blocks + sizes_.parts; }
  std::size_t jobs() const { return sizes_.query_blocks * (sizes_.turns + 2) * turn_jobs(); }

  // Until so many jobs are done, which are then all before that number: none of a turn is done before all of the turn before.
  bool wait_for(std::size_t jobs) {
    return progress_.wait(jobs, [this] { return stopped(); });
  }

  void work_on(Scratch& scratch, std::size_t query_block, std::size_t part, std::size_t turn) {
    const std::size_t first = query_block * sizes_.queries;  // of the block, among the sorted queries
    const std::size_t count = std::min(sizes_.queries, task_.queries.size() - first);
    const Range queries = {std::min(part * sizes_.part, count), std::min((part + 1) * sizes_.part, count)};
    if (queries.begin == queries.end) return;
    if (turn == 0) return start(scratch, first, queries);
    // In whole queries, as far as they are done.
    const auto done = [&](std::size_t turns) { return (queries.end - queries.begin) * turns / (sizes_.turns + 1); };
    if (turn > sizes_.turns)
      finish(first, queries);
    else
      sweep(scratch, queries, (turn - 1) * sizes_.turn_blocks);
    if (task_.control != nullptr)
      __atomic_fetch_add(task_.control + 1, static_cast<std::int32_t>(done(turn) - done(turn - 1)), __ATOMIC_RELAXED);
  }

  void start(Scratch& scratch, std::size_t first, const Range& queries) {
    const std::size_t end = round_up(queries.end, group_);
    for (std::size_t q = queries.begin; q < queries.end; q++) {
      rows_of_[q] = task_.queries[query_order_[first + q]];
      lists_.clear(q);
    }
    for (std::size_t q = queries.end; q < end; q++) lists_.close(q);
    for (std::size_t g = queries.begin / group_; g < end / group_; g++) groups_[g] = {};
    queries_.pack(queries.begin, task_.x, rows_of_.get() + queries.begin, queries.end - queries.begin, frame_, 1 - margin_,
                  scratch.row.get(), norms_.get() + queries.begin);
  }

  // Queries against the blocks that were packed in the turn before.
  void sweep(Scratch& scratch, const Range& queries, std::size_t first_block) {
    scratch.fine_group = SIZE_MAX;
    for (std::size_t b = first_block; b < std::min(first_block + sizes_.turn_blocks, sizes_.blocks); b++)
      for (std::size_t q = queries.begin; q < queries.end; q += group_) {
        if (stopped()) return;
        search_group(scratch, q, std::min(group_, queries.end - q), b);
      }
  }

  void finish(std::size_t first, const Range& queries) {
    for (std::size_t q = queries.begin; q < queries.end; q++)
      write(static_cast<std::size_t>(query_order_[first + q]), lists_.finish(q, Ranker{*this}));
  }

  // Positions of a block that hold the class.
  Range class_range(const Range& block, std::int32_t own) const {
    const std::int32_t* first = order_.get() + block.begin;
    const std::int32_t* last = order_.get() + block.end;
    const auto below = [this](std::int32_t row, std::int32_t value) { return label(row) < value; };
    const auto above = [this](std::int32_t value, std::int32_t row) { return value < label(row); };
    return {static_cast<std::size_t>(std::lower_bound(first, last, own, below) - order_.get()),
            static_cast<std::size_t>(std::upper_bound(first, last, own, above) - order_.get())};
  }

  // A tile of queries against a block of candidates.
  struct Sweep {
    std::size_t q;     // the first query, in the block of queries
    std::size_t rows;  // how many
    std::size_t block;
    Range positions;
    Range classes[kMostTile];  // of each query
  };

  void search_group(Scratch& scratch, std::size_t q, std::size_t rows, std::size_t block_id) {
    Sweep sweep = {q, rows, block_id, places(block_id), {}};
    const std::size_t width = isa_.float32.tile_cols;
    const Range& block = sweep.positions;
    const std::size_t panels = (block.end - block.begin + width - 1) / width;
    if (task_.among == Among::kAll) return search_panels(scratch, sweep, {0, panels});
    std::int32_t before = 0;
    for (std::size_t r = 0; r < sweep.rows; r++) {
      const std::int32_t own = label(rows_of_[q + r]);
      sweep.classes[r] = r > 0 && own == before ? sweep.classes[r - 1] : class_range(block, own);
      before = own;
    }
    // Sorted by class: the first and the last bound all ranges.
    const Range& first = sweep.classes[0];
    const Range& last = sweep.classes[sweep.rows - 1];
    if (task_.among == Among::kSameClass) {
      if (first.begin < last.end)
        search_panels(scratch, sweep,
                      {(first.begin - block.begin) / width, (last.end - block.begin + width - 1) / width});
      return;
    }
    // Panels that hold nothing but the one class of these queries.
    Range own = {panels, panels};
    if (first.begin == last.begin && first.end == last.end)
      own = {(first.begin - block.begin + width - 1) / width,
             first.end == block.end ? panels : (first.end - block.begin) / width};
    if (own.begin >= own.end) return search_panels(scratch, sweep, {0, panels});
    search_panels(scratch, sweep, {0, own.begin});
    search_panels(scratch, sweep, {own.end, panels});
  }

  void search_panels(Scratch& scratch, const Sweep& sweep, Range panels) {
    if (coarse_ != nullptr) {
      const std::size_t passed = search_int8(scratch, sweep, panels);
      // Rows that int8 let wait would stay; ranked, they bring the limits down for float32.
      if (panels.begin < passed && passed < panels.end) settle(sweep);
      panels.begin = passed;
    }
    if (panels.begin < panels.end) search_float32(scratch, sweep, panels);
  }

  // Returns the panel up to which it paid: the rest is for float32.
  std::size_t search_int8(Scratch& scratch, const Sweep& sweep, Range panels) {
    Group& group = groups_[sweep.q / group_];
    const std::size_t panel_share = coarse_->tile_cols * sweep.rows * task_.cols / kShare;
    const Rows left = queries_.from(sweep.q);
    const float* limits = lists_.limits(sweep.q);
    for (std::size_t p = panels.begin; p < panels.end; p++) {
      if (overspent(sweep)) {
        group.allowed += (panels.end - p) * panel_share;
        return p;
      }
      const std::size_t start = sweep.positions.begin + p * coarse_->tile_cols;
      const std::size_t passed = coarse_->search(left, candidates_.from(start), task_.cols, limits, panels.end - p, scratch.hits);
      group.allowed += std::min(passed + 1, panels.end - p) * panel_share;
      p += passed;
      if (p == panels.end) break;
      const Rows right = candidates_.from(sweep.positions.begin + p * coarse_->tile_cols);
      const Taken taken = take(scratch, sweep, 0, sweep.rows, left, right, p);
      group.spent += taken.hits * kHitCost + taken.ranked * rank_cost(task_.cols);
    }
    return panels.end;
  }

  void settle(const Sweep& sweep) {
    const Ranker ranker = {*this};
    std::size_t ranked = 0;
    for (std::size_t r = 0; r < sweep.rows; r++) ranked += lists_.settle(sweep.q + r, ranker);
    groups_[sweep.q / group_].spent += ranked * rank_cost(task_.cols);
  }

  // Whether the hits of these queries so far, those that wait to be ranked included, cost more than they may.
  bool overspent(const Sweep& sweep) {
    Group& group = groups_[sweep.q / group_];
    const std::size_t cost = rank_cost(task_.cols);
    const std::size_t allowed = group.allowed + sweep.rows * (kFreeRows + 4 * keep_) * (cost + kHitCost);
    const auto over = [&](std::size_t waiting) { return group.spent + waiting * cost > allowed; };
    std::size_t waiting = lists_.waiting(sweep.q, sweep.rows);
    if (!over(waiting)) return false;
    // Not at every hit: some more may wait each time.
    if (waiting < group.waited + 4 * sweep.rows) return over(group.waited);
    for (std::size_t r = 0; r < sweep.rows; r++) lists_.prune(sweep.q + r);
    group.waited = lists_.waiting(sweep.q, sweep.rows);
    return over(group.waited);
  }

  void search_float32(Scratch& scratch, const Sweep& sweep, Range panels) {
    const Screen& screen = isa_.float32;
    const Range& block = sweep.positions;
    if (coarse_ != nullptr) pack_fine(scratch, sweep);
    Panels& queries = coarse_ != nullptr ? scratch.fine_queries : queries_;
    Panels& candidates = coarse_ != nullptr ? scratch.fine_candidates : candidates_;
    const std::size_t first_query = coarse_ != nullptr ? 0 : sweep.q;
    const std::size_t first_candidate = coarse_ != nullptr ? fine_slot(sweep.block) * sizes_.candidates : block.begin;
    for (std::size_t r = 0; r < sweep.rows; r += screen.tile_rows) {
      const Rows left = queries.from(first_query + r);
      const float* limits = lists_.limits(sweep.q + r);
      for (std::size_t p = panels.begin; p < panels.end; p++) {
        const Rows right = candidates.from(first_candidate + p * screen.tile_cols);
        p += screen.search(left, right, task_.cols, limits, panels.end - p, scratch.hits);
        if (p < panels.end)
          take(scratch, sweep, r, std::min(screen.tile_rows, sweep.rows - r), left,
               candidates.from(first_candidate + p * screen.tile_cols), p);
      }
    }
  }

  // For float32 where int8 is the rule, unless they were packed last.
  void pack_fine(Scratch& scratch, const Sweep& sweep) {
    if (scratch.fine_group != sweep.q)
      scratch.fine_queries.pack(0, task_.x, rows_of_.get() + sweep.q, sweep.rows, frame_, 1 - margin_, scratch.row.get(), nullptr);
    scratch.fine_group = sweep.q;
    const Range& block = sweep.positions;
    const std::size_t slot = fine_slot(sweep.block);
    if (scratch.fine_block[slot] != sweep.block)
      scratch.fine_candidates.pack(slot * sizes_.candidates, task_.x, order_.get() + block.begin, block.end - block.begin, frame_,
                                   1 - margin_, scratch.row.get(), nullptr);
    scratch.fine_block[slot] = sweep.block;
  }

  // Bits of the lanes at positions p, p + 1, … that lie in `range`.
  static std::uint32_t lanes_in(const Range& range, std::size_t p) {
    const auto below = [p](std::size_t position) -> std::uint32_t {
      if (position <= p) return 0;
      return position - p >= 32 ? ~std::uint32_t{0} : (std::uint32_t{1} << (position - p)) - 1;
    };
    return below(range.end) & ~below(range.begin);
  }

  struct Taken {
    std::size_t hits = 0;
    std::size_t ranked = 0;
  };

  // Takes in the hits of the queries from row `r` of the tile on with one panel of candidates.
  Taken take(Scratch& scratch, const Sweep& sweep, std::size_t r, std::size_t rows, const Rows& left, const Rows& right,
             std::size_t panel) {
    const std::size_t width = isa_.float32.tile_cols;
    const std::size_t at = sweep.positions.begin + panel * width;
    const std::uint32_t in_block = lanes_in(sweep.positions, at);
    const Ranker ranker = {*this};
    Taken taken;
    for (std::size_t i = 0; i < rows; i++) {
      std::uint32_t bits = scratch.hits.bits[i] & in_block;
      if (bits == 0) continue;
      if (task_.among != Among::kAll) {
        const std::uint32_t own = lanes_in(sweep.classes[r + i], at);
        bits &= task_.among == Among::kSameClass ? own : ~own;
      }
      const std::size_t q = sweep.q + r + i;
      for (; bits != 0; bits &= bits - 1) {
        const auto lane = static_cast<std::size_t>(__builtin_ctz(bits));
        const std::int32_t id = order_[at + lane];
        const float lower = scratch.hits.bound[i * width + lane];
        if (id == rows_of_[q] || lower > lists_.limits(q)[0]) continue;
        const double length_q = left.length[i];
        const double length_c = right.length[lane];
        const double error = length_q * right.residual[lane] + left.residual[i] * length_c;
        const double slack = 2 * error + margin_ * (length_q * length_q + length_c * length_c) + 4 * tiny_;
        taken.hits++;
        taken.ranked += lists_.add(q, id, lower, rounded_up(lower + slack), ranker);
      }
    }
    return taken;
  }

  // Canonical distances of the queries of a block, and what they say about the limits.
  struct Ranker {
    const Search& search;

    const float* row(std::int32_t id) const { return search.task_.x + static_cast<std::size_t>(id) * search.task_.cols; }

    double l2sq(std::size_t q, std::int32_t id) const {
      return search.isa_.l2sq(row(search.rows_of_[q]), row(id), search.task_.cols);
    }
    float limit(std::size_t q, double l2sq) const {
      const double scale = search.frame_.scale;
      return rounded_up(0.5 * scale * scale * l2sq * search.grow_ - 0.5 * search.norms_[q] * (1 - search.margin_) +
                        search.tiny_);
    }
    // The row will be asked for soon.
    void expect(std::int32_t id) const {
      constexpr std::size_t kLine = 64 / sizeof(float);
      const std::size_t cols = std::min<std::size_t>(search.task_.cols, 32 * kLine);
      for (std::size_t j = 0; j < cols; j += kLine) __builtin_prefetch(row(id) + j);
    }
  };

  void write(std::size_t query, std::span<const Found> found) {
    for (std::size_t i = 0; i < task_.k; i++) {
      const std::size_t at = query * task_.k + i;
      const double l2sq = i < found.size() ? found[i].l2sq : std::numeric_limits<double>::infinity();
      task_.indices[at] = i < found.size() ? found[i].id : -1;
      task_.l2sq[at] = static_cast<float>(l2sq);
      if (task_.exact != nullptr) task_.exact[at] = l2sq;
    }
  }

  const Isa& isa_;
  const Nearest& task_;
  const std::size_t first_;
  const std::size_t rows_;
  const std::size_t keep_;
  const Screen* const coarse_;  // the int8 screen, where it is used
  const Screen& screen_;
  const std::size_t group_;
  const Sizes sizes_;
  Buffer<std::int32_t> by_class_;     // candidates, where only the own class counts
  Buffer<std::int32_t> query_order_;  // queries by class
  Buffer<float> centre_;
  Buffer<float> signs_;
  Buffer<std::int32_t> order_;  // the rows in the ring
  Panels candidates_;           // the same, packed
  Panels queries_;              // of the block of queries at hand
  Buffer<std::int32_t> rows_of_;
  Buffer<double> norms_;
  Buffer<Group> groups_;
  Shortlists lists_;
  Frame frame_ = {};
  double margin_ = 0;  // c
  double tiny_ = 0;
  double grow_ = 0;  // 1 + 2 h
  std::size_t step_ = 1;
  std::atomic<std::size_t> next_ = 0;
  Progress progress_;
};

}  // namespace

Status nearest(const Isa& isa, const Nearest& task) noexcept {
  if (task.queries.empty()) return Status::kDone;
  return Search(isa, task).run();
}

}  // namespace equipoise
