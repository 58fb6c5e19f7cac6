// What training needs besides products: the loss, and how parameters move. Plain headers only, as in isa.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise {

// Cross-entropy of softmax(scale * z + shift) over soft targets, class c weighing class_weight[c]. The tables have `padded`
// numbers, a multiple of every vector's length: behind the last class scale and weight are 0 and shift is -infinity.
struct CrossEntropy {
  std::size_t classes;
  std::size_t padded;
  const float* scale;
  const float* shift;
  const float* class_weight;
  float smoothing;
};

// One number a row; all but the first may be null.
struct Targets {
  const std::int32_t* label;
  const std::int32_t* other_label;
  const float* label_weight;
  const float* sample_weight;
};

// Sums over rows: of the loss, and of what they weigh.
struct LossSums {
  double loss;
  double weight;
};

struct Momentum {
  float rate;
  float momentum;
  float decay;
  bool nesterov;
};

struct Adam {
  float rate;      // over the correction of the means
  float beta1;
  float beta2;
  float epsilon;
  float keep;        // 1 - rate * decay
  float correction;  // 1 / that of the root of the squares
};

struct Learning {
  // The logits z, (count, padded), become the slopes of the summed loss.
  LossSums (*cross_entropy)(const CrossEntropy& loss, const Targets& targets, std::size_t count, float* z);
  // A run of parameters moves along its gradient; the rest is state that a rule keeps of each.
  void (*momentum)(const Momentum& rule, const float* gradient, std::size_t count, float* parameter, float* velocity);
  void (*adam)(const Adam& rule, const float* gradient, std::size_t count, float* parameter, float* mean, float* square);
};

}  // namespace equipoise
