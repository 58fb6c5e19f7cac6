#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise {

// Which sources each output of an axis takes, and their weights in 2^-22.
struct Taps {
  std::size_t outputs;
  const std::int32_t* first;    // (outputs)
  const std::int32_t* count;    // (outputs)
  const std::int32_t* weights;  // (outputs, stride)
  std::size_t stride;
};

}  // namespace equipoise
