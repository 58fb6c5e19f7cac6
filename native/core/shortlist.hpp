// What is known of each query of a block while candidates pass: those that may be among its k nearest, and a limit beyond which
// none is. Nothing is ranked before it must be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "buffer.hpp"
#include "panels.hpp"

namespace equipoise {

struct Found {
  double l2sq;
  std::int32_t id;
  bool operator<(const Found& other) const { return l2sq != other.l2sq ? l2sq < other.l2sq : id < other.id; }
};

class Shortlists {
 public:
  Shortlists(std::size_t queries, std::size_t keep)
      : keep_(keep),
        room_(room_for(keep)),
        limits_(queries),
        uppers_(queries * keep),
        entries_(queries * room_),
        found_(queries * keep),
        counts_(queries) {}
  explicit operator bool() const { return limits_ && uppers_ && entries_ && found_ && counts_; }

  static std::size_t bytes(std::size_t keep) {
    return keep * (sizeof(float) + sizeof(Found)) + room_for(keep) * sizeof(Entry);
  }

  void clear(std::size_t q) {
    limits_[q] = std::numeric_limits<float>::infinity();
    counts_[q] = {};
  }
  // Lets nothing pass, for a row that is no query.
  void close(std::size_t q) { limits_[q] = -std::numeric_limits<float>::infinity(); }

  const float* limits(std::size_t q) const { return limits_.get() + q; }

  // A candidate whose bound was at most the limit; its distance is at most `upper` on the same scale. Returns how many rows
  // `ranker` had to rank.
  template <typename Ranker>
  std::size_t add(std::size_t q, std::int32_t id, float lower, float upper, const Ranker& ranker) {
    Counts& counts = counts_[q];
    float* uppers = uppers_.get() + q * keep_;
    if (counts.uppers < keep_ || upper < uppers[0]) {
      if (counts.uppers == keep_)
        std::pop_heap(uppers, uppers + keep_);
      else
        counts.uppers++;
      uppers[counts.uppers - 1] = upper;
      std::push_heap(uppers, uppers + counts.uppers);
      if (counts.uppers == keep_) limits_[q] = std::min(limits_[q], uppers[0]);
    }
    if (!(lower <= limits_[q])) return 0;
    entries_[q * room_ + counts.entries++] = {lower, id};
    if (counts.entries < room_) return 0;
    prune(q);
    return counts.entries > room_ / 2 ? rank(q, ranker) : 0;
  }

  // Ranks what waits. Returns how many rows that were.
  template <typename Ranker>
  std::size_t settle(std::size_t q, const Ranker& ranker) {
    prune(q);
    return rank(q, ranker);
  }

  // How many candidates of `count` queries from q on wait to be ranked.
  std::size_t waiting(std::size_t q, std::size_t count) const {
    std::size_t sum = 0;
    for (std::size_t i = q; i < q + count; i++) sum += counts_[i].entries;
    return sum;
  }
  // Drops those that the limit has passed by.
  void prune(std::size_t q) {
    Entry* entries = entries_.get() + q * room_;
    Entry* end = std::remove_if(entries, entries + counts_[q].entries,
                                [limit = limits_[q]](const Entry& entry) { return entry.lower > limit; });
    counts_[q].entries = static_cast<std::size_t>(end - entries);
  }

  // The nearest rows of a query in order, at most `keep` of them.
  template <typename Ranker>
  std::span<const Found> finish(std::size_t q, const Ranker& ranker) {
    settle(q, ranker);
    Found* heap = found_.get() + q * keep_;
    std::sort_heap(heap, heap + counts_[q].found);
    return {heap, counts_[q].found};
  }

 private:
  struct Entry {
    float lower;
    std::int32_t id;
  };
  struct Counts {
    std::size_t uppers = 0;
    std::size_t entries = 0;
    std::size_t found = 0;
  };

  static std::size_t room_for(std::size_t keep) { return std::max<std::size_t>(128, 4 * keep); }

  // Ranks all entries by their distance, the likely ones first: they bring the limit down for the others.
  template <typename Ranker>
  std::size_t rank(std::size_t q, const Ranker& ranker) {
    Entry* entries = entries_.get() + q * room_;
    const std::size_t count = counts_[q].entries;
    const std::size_t first = std::min(keep_, count);
    if (first < count)
      std::nth_element(entries, entries + first, entries + count,
                       [](const Entry& a, const Entry& b) { return a.lower < b.lower; });
    rank_some(q, entries, first, ranker);
    const float limit = limits_[q];
    Entry* end = std::remove_if(entries + first, entries + count,
                                [limit](const Entry& entry) { return entry.lower > limit; });
    const std::size_t rest = static_cast<std::size_t>(end - entries) - first;
    rank_some(q, entries + first, rest, ranker);
    counts_[q].entries = 0;
    return first + rest;
  }

  template <typename Ranker>
  void rank_some(std::size_t q, const Entry* entries, std::size_t count, const Ranker& ranker) {
    Found* heap = found_.get() + q * keep_;
    std::size_t& found = counts_[q].found;
    for (std::size_t i = 0; i < count; i++) {
      if (i + 1 < count) ranker.expect(entries[i + 1].id);
      // Among many copies of the query nothing nearer can come.
      if (found == keep_ && heap[0].l2sq == 0 && entries[i].id > heap[0].id) continue;
      const Found candidate = {ranker.l2sq(q, entries[i].id), entries[i].id};
      if (found == keep_) {
        if (!(candidate < heap[0])) continue;
        std::pop_heap(heap, heap + found);
        heap[found - 1] = candidate;
      } else {
        heap[found++] = candidate;
      }
      std::push_heap(heap, heap + found);
    }
    if (found == keep_) limits_[q] = std::min(limits_[q], ranker.limit(q, heap[0].l2sq));
  }

  std::size_t keep_;
  std::size_t room_;
  Buffer<float> limits_;
  Buffer<float> uppers_;   // the k smallest upper bounds, a heap with the largest on top
  Buffer<Entry> entries_;  // not ranked yet
  Buffer<Found> found_;    // the k nearest of those ranked, a heap with the farthest on top
  Buffer<Counts> counts_;
};

}  // namespace equipoise
