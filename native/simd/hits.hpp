// The test that ends every screen's tile.
#pragma once

#include "isa.hpp"
#include "lanes.hpp"

namespace {

// bound(i, v) gives the bounds of left row i with vector v of the right rows.
template <std::size_t kRows, typename Bound>
inline bool collect(const Bound& bound, const float* limit, equipoise::Hits& hits) {
  std::uint32_t any = 0;
#pragma GCC unroll 32
  for (std::size_t r = 0; r < kRows; r++) {
    hits.bits[r] = at_most(bound(r, 0), limit[r]) | at_most(bound(r, 1), limit[r]) << kLanes;
    any |= hits.bits[r];
  }
  if (any == 0) return false;
  for (std::size_t r = 0; r < kRows; r++)
    if (hits.bits[r] != 0)
      for (std::size_t v = 0; v < 2; v++) store(hits.bound + r * kTileCols + v * kLanes, bound(r, v));
  return true;
}

}  // namespace
