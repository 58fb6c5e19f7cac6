// The kernel contract, the same as src/kernels/kernels.ts, which states the canonical arithmetic.
//
// Matrices are dense, row-major, finite float32. Row ids are int32; -1 is "no such row" and is paired with +infinity.
// Callers allocate outputs and have checked every argument; kernels never throw, log or draw random numbers, and allocate
// per call or thread, never per row. Self is excluded by row id, ties go to the lower id, and the answers of nearest and
// interpolate depend neither on threads nor on the instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../simd/taps.hpp"

namespace equipoise {

struct Isa;  // simd/isa.hpp

enum class Among : std::int32_t { kAll = 0, kSameClass = 1, kEnemies = 2 };
// How candidates are found; the answer is the same.
enum class Screening : std::int32_t { kAuto = 0, kFloat32 = 1, kInt8 = 2 };
enum class Status : std::int32_t { kDone = 0, kStopped = 1, kOutOfMemory = 2, kNotPlain = 3 };

struct Nearest {
  const float* x;  // (rows, cols)
  std::size_t rows;
  std::size_t cols;
  const std::int32_t* labels;  // (rows), not read for kAll
  std::span<const std::int32_t> queries;
  std::size_t k;
  Among among;
  std::size_t threads;
  std::int32_t* indices;  // (queries, k), written
  float* l2sq;            // (queries, k), written
  // [stop, queries done], shared with the caller while the search runs; may be null.
  std::int32_t* control;
  // Candidates are the rows from `first` up to `last`; queries are any rows.
  std::size_t first = 0;
  std::size_t last = SIZE_MAX;
  // (queries, k), written where not null: the float64 sums behind l2sq, by which candidates rank.
  double* exact = nullptr;
  // kInt8 needs an instruction set with an int8 screen and at most kMostInt8Cols columns.
  Screening screening = Screening::kAuto;
};

Status nearest(const Isa& isa, const Nearest& task) noexcept;

struct Interpolate {
  const float* x;  // (rows, cols)
  std::size_t cols;
  std::span<const std::int32_t> base;
  const std::int32_t* other;
  const float* step;
  std::size_t threads = 1;
  float* out;  // (base.size(), cols), written
};

void interpolate(const Isa& isa, const Interpolate& task) noexcept;

// c = alpha * op(a) * op(b) + beta * c, op(a) of shape (m, k), op(b) of shape (k, n). Each thread that calls it keeps up to
// 6 MiB for its next call.
struct Gemm {
  const float* a;  // (m, k), or (k, m) where transpose_a
  const float* b;  // (k, n), or (n, k) where transpose_b
  float* c;        // (m, n)
  std::size_t m;
  std::size_t n;
  std::size_t k;
  bool transpose_a;
  bool transpose_b;
  float alpha;
  float beta;
};

Status gemm(const Isa& isa, const Gemm& task) noexcept;

// Pixels filtered along x, rounded to bytes, filtered along y, rounded to bytes, looked up and laid out. Each thread that calls
// it keeps up to 4 MiB for its next call.
struct Resample {
  const std::uint8_t* pixels;  // (height, width, channels)
  std::size_t width;
  std::size_t height;
  std::size_t channels;  // 1 or 3
  Taps across;
  Taps down;
  const float* values;                  // (order.size(), 256)
  std::span<const std::int32_t> order;  // the source channel of each output channel
  float* out;                           // output (y, x, c) at y * row_step + x * pixel_step + c * channel_step
  std::size_t row_step;
  std::size_t pixel_step;
  std::size_t channel_step;
};

Status resample(const Isa& isa, const Resample& task) noexcept;

enum class Rule : std::int32_t { kSum = 0, kMomentum = 1, kAdam = 2 };

// One array that is learnt, and what the rule keeps of each number: kMomentum has a velocity, kAdam mean and square, kSum
// leaves the values alone and adds the gradient of the summed loss to `sum`. A layer without bias has no values there.
struct Learnt {
  float* values;
  float* first;
  float* second;
  double* sum;
};

struct AffineLayer {
  std::size_t outputs;
  Learnt weight;  // (outputs, inputs)
  Learnt bias;    // (outputs)
};

// Steps of gradient descent: the batches of `visits` one after the other, through affine layers with a rectifier between two,
// under softmax cross-entropy. One answer whatever the threads.
struct Learn {
  // The rows that may be visited are recipes over x; optional columns may be null. The first `plain` of them are rows of x as
  // they are: `other` and `step` begin behind them.
  const float* x;
  std::size_t cols;
  const std::int32_t* base;
  std::size_t plain;
  const std::int32_t* other;
  const float* step;
  const std::int32_t* label;
  const std::int32_t* other_label;
  const float* label_weight;
  const float* sample_weight;
  std::span<const std::int32_t> visits;
  std::size_t batch;  // rows a step; the last one has what is left
  std::span<const AffineLayer> layers;
  // Softmax of scale * logits + shift; null: 1, 0 and 1 for every class.
  const float* scale;
  const float* shift;
  const float* class_weight;
  float smoothing;
  bool by_weight;  // the loss of a batch is over the weights of its rows, not over their number
  Rule rule;
  float rate;
  float momentum;  // kAdam: beta1
  float beta2;
  float epsilon;
  float decay;
  bool nesterov;
  std::size_t steps_before;  // kAdam
  std::size_t threads;
  double* losses;         // (steps, 2): summed loss and summed weights of each batch; NaN ends the work
  std::int32_t* control;  // [stop, steps done]
};

Status learn(const Isa& isa, const Learn& task) noexcept;

}  // namespace equipoise
