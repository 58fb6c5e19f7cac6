// Steps of gradient descent, shared out among threads so that the sums of no number depend on who made them.
//
// A step has two phases. In the first the rows of the batch go forward and back, in chunks: no row needs another. In the second
// the gradients are made and followed, in blocks of columns: no column needs another. Threads take chunks and blocks as tickets
// from one counter, step after step, and wait only until the phase before is done. A thread that comes late, or never, holds
// nobody up.
//
// A layer of few outputs has small gradients: each chunk makes its own while its rows are near, and the second phase adds them
// up. Otherwise every thread would need the rows of all the others, from their caches. Where the first layer is such a one, rows
// are not even copied: a list says where they lie, and what those are made of that the product makes on its way.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "../simd/isa.hpp"
#include "../simd/learning.hpp"
#include "buffer.hpp"
#include "kernels.hpp"
#include "threads.hpp"

namespace equipoise {
namespace {

// By squaring: std::pow of glibc 2.29 is newer than the prebuild may ask for, and others may round otherwise.
double power(double base, std::size_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

// Rows of a chunk; more where that is all there is to do, since then what chunks hand over takes longest.
constexpr std::size_t kChunk = 64;
constexpr std::size_t kLongChunk = 128;
// Columns of a block.
constexpr std::size_t kBlock = 128;
// With at most so many outputs packing would cost as much as multiplying, and chunks have gradients of their own.
constexpr std::size_t kFew = 16;
// Up to so many are multiplied where they lie by packed rows; more are worth packing.
constexpr std::size_t kSome = 128;
// Longer than a vector of any instruction set.
constexpr std::size_t kVector = 16;

constexpr std::size_t up(std::size_t value, std::size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Whole vectors, and rows that do not all begin in the same lines of the cache.
constexpr std::size_t stride_of(std::size_t outputs) {
  const std::size_t whole = up(outputs, kVector);
  return whole % (4 * kVector) == 0 ? whole + kVector : whole;
}

// op(matrix)[i][j] = data[i * row + j * col]
struct View {
  const float* data;
  std::size_t row;
  std::size_t col;
};

// The rows of a chunk, as RowList has them.
struct Listing {
  std::size_t step = -1;
  std::size_t chunk = 0;
  float* rows[kLongChunk + kListAhead];
  const float* base[kLongChunk + kListAhead];
  const float* other[kLongChunk + kListAhead];
  float share[kLongChunk + kListAhead];
  operator RowList() const { return {rows, base, other, share}; }
};

// What a thread works with.
struct Desk {
  Desk(std::size_t left_size, std::size_t right_size, std::size_t gradient_size, std::size_t rows_size)
      : left(left_size), right(right_size), gradient(gradient_size), rows(rows_size) {}
  explicit operator bool() const { return left && right && gradient && rows; }

  Buffer<float> left;
  Buffer<float> right;
  Buffer<float> gradient;
  // Room for the rows of its chunk that are made, where nobody else needs them.
  Buffer<float> rows;
  // Of its chunk, and of the one it is likely to take next.
  Listing lists[2];
  Listing* list = &lists[0];
  Listing* next = &lists[1];
  std::int32_t label[kLongChunk];
  std::int32_t other_label[kLongChunk];
  float label_weight[kLongChunk];
  float sample_weight[kLongChunk];
};

// c = alpha * a * b' + beta * c with a of (m, k), b of (n, k), c with rows `c_row` apart.
void multiply(const Isa& isa, Desk& desk, View a, View b, std::size_t m, std::size_t n, std::size_t k, float alpha, float beta,
              float* c, std::size_t c_row) {
  for (std::size_t start = 0; start < k; start += kChain) {
    const std::size_t depth = std::min(kChain, k - start);
    isa.interleave(a.data + start * a.col, a.row, a.col, m, depth, isa.tile_rows, desk.left.get());
    for (std::size_t j = 0; j < n; j += isa.tile_cols) {
      const std::size_t cols = std::min(isa.tile_cols, n - j);
      isa.interleave(b.data + j * b.row + start * b.col, b.row, b.col, cols, depth, isa.tile_cols, desk.right.get());
      for (std::size_t i = 0; i < m; i += isa.tile_rows)
        isa.outer(desk.left.get() + i * depth, 1, isa.tile_rows, desk.right.get(), isa.tile_cols, depth,
                  std::min(isa.tile_rows, m - i), cols, alpha, start == 0 ? beta : 1, c + i * c_row + j, c_row, 1);
    }
  }
}

// c = a * b' + beta * c with the rows of both contiguous. Those of a are packed, those of b are not.
void multiply_unpacked(const Isa& isa, Desk& desk, const float* a, const float* b, std::size_t m, std::size_t n, std::size_t k,
                       float beta, float* c, std::size_t c_row) {
  for (std::size_t start = 0; start < k; start += kChain) {
    const std::size_t depth = std::min(kChain, k - start);
    isa.interleave(a + start, k, 1, m, depth, isa.tile_cols, desk.left.get());
    for (std::size_t j = 0; j < n; j += isa.tile_rows)
      for (std::size_t i = 0; i < m; i += isa.tile_cols)
        isa.outer(b + j * k + start, k, 1, desk.left.get() + i * depth, isa.tile_cols, depth, std::min(isa.tile_rows, n - j),
                  std::min(isa.tile_cols, m - i), 1, start == 0 ? beta : 1, c + i * c_row + j, 1, c_row);
  }
}

class Lesson {
 public:
  Lesson(const Isa& isa, const Learn& task)
      : isa_(isa),
        task_(task),
        depth_(task.layers.size()),
        classes_(task.layers.back().outputs),
        padded_(stride_of(classes_)),
        listed_(few(task.layers[0])),
        chunk_(listed_ && depth_ == 1 ? kLongChunk : kChunk),
        chunks_((task.batch + chunk_ - 1) / chunk_),
        steps_((task.visits.size() + task.batch - 1) / task.batch),
        tables_(3 * padded_),
        outputs_(depth_),
        slopes_(depth_),
        sums_(chunks_),
        memory_(memory_of(isa, task)),
        part_(part_of(task)),
        parts_(chunks_ * part_),
        rows_{Buffer<float>(shared_rows()), Buffer<float>(shared_rows())} {
    std::size_t width = task.cols;
    for (const AffineLayer& layer : task.layers) {
      blocks_ += (width + kBlock - 1) / kBlock;
      widest_ = std::max(widest_, layer.outputs);
      width = layer.outputs;
    }
  }

  bool prepare() {
    in_place_ = in_place();
    if (!tables_ || !outputs_ || !slopes_ || !sums_ || !memory_ || !parts_ || !rows_[0] || !rows_[1]) return false;
    for (std::size_t c = 0; c < padded_; c++) {
      const bool real = c < classes_;
      tables_[c] = !real ? 0 : task_.scale == nullptr ? 1 : task_.scale[c];
      tables_[padded_ + c] = !real ? -std::numeric_limits<float>::infinity() : task_.shift == nullptr ? 0 : task_.shift[c];
      tables_[2 * padded_ + c] = !real ? 0 : task_.class_weight == nullptr ? 1 : task_.class_weight[c];
    }
    loss_ = {.classes = classes_,
             .padded = padded_,
             .scale = tables_.get(),
             .shift = tables_.get() + padded_,
             .class_weight = tables_.get() + 2 * padded_,
             .smoothing = task_.smoothing};
    for (Buffer<float>& rows : rows_) std::fill_n(rows.get(), shared_rows(), 0.0f);
    // Zeros behind the classes of a row of logits stay there; products may read, but not use, what lies behind a matrix.
    std::fill_n(memory_.get(), memory_of(isa_, task_), 0.0f);
    float* next = memory_.get();
    for (std::size_t l = 0; l < depth_; l++) {
      const std::size_t outputs = task_.layers[l].outputs;
      outputs_[l] = next;
      slopes_[l] = next + task_.batch * outputs + isa_.tile_cols;
      next = slopes_[l] + task_.batch * stride_of(outputs) + isa_.tile_rows;
    }
    return true;
  }

  // What one thread does.
  void work() noexcept {
    const std::size_t own_rows = listed_ ? chunk_ * task_.cols + isa_.tile_cols : 0;
    Desk desk((std::max(chunk_, widest_) + std::max(isa_.tile_rows, isa_.tile_cols)) * kChain + kVector,
              isa_.tile_cols * kChain + kVector, widest_ * kBlock, own_rows);
    if (!desk) return;
    std::fill_n(desk.rows.get(), own_rows, 0.0f);
    const std::size_t per_step = chunks_ + blocks_;
    for (std::size_t ticket; !stopped() && (ticket = next_.fetch_add(1)) < steps_ * per_step; progress_.add()) {
      const std::size_t step = ticket / per_step;
      const std::size_t place = ticket % per_step;
      if (place < chunks_) {
        // The rows of this step may be gathered while the step before is not done yet: its own lie elsewhere.
        if (step > 0 && !wait((step - 1) * per_step)) return;
        gather(desk, step, place);
        if (!wait(step * per_step)) return;
        pass(desk, step, place);
      } else {
        if (!wait(step * per_step + chunks_)) return;
        const LossSums sums = total();
        const bool finite = std::isfinite(sums.loss);
        if (place == chunks_ || !finite) {
          task_.losses[2 * step] = sums.loss;
          task_.losses[2 * step + 1] = sums.weight;
          __atomic_store_n(task_.control + 1, static_cast<std::int32_t>(step + 1), __ATOMIC_RELAXED);
        }
        if (!finite) {
          diverged_ = true;
          return;
        }
        follow(desk, step, place - chunks_, sums);
      }
    }
  }

  Status status() const {
    if (__atomic_load_n(task_.control, __ATOMIC_RELAXED) != 0) return Status::kStopped;
    return diverged_ || progress_.done() == steps_ * (chunks_ + blocks_) ? Status::kDone : Status::kOutOfMemory;
  }

 private:
  static bool few(const AffineLayer& layer) { return layer.outputs <= kFew; }

  // Numbers that the gradients of a chunk take.
  static std::size_t part_of(const Learn& task) {
    std::size_t sum = 0;
    std::size_t inputs = task.cols;
    for (const AffineLayer& layer : task.layers) {
      if (few(layer)) sum += layer.outputs * (inputs + 1);
      inputs = layer.outputs;
    }
    return sum;
  }

  // Numbers that the rows of a batch take, where all threads need them.
  std::size_t shared_rows() const { return listed_ ? 0 : task_.batch * task_.cols + isa_.tile_cols; }

  // Numbers that outputs and slopes of all layers take.
  static std::size_t memory_of(const Isa& isa, const Learn& task) {
    std::size_t sum = 0;
    for (const AffineLayer& layer : task.layers)
      sum += task.batch * (layer.outputs + stride_of(layer.outputs)) + isa.tile_cols + isa.tile_rows;
    return sum;
  }

  bool stopped() const {
    return diverged_ || __atomic_load_n(task_.control, __ATOMIC_RELAXED) != 0;
  }

  // Until so many tickets are done: then those are all tickets before that number, since none of a phase is done before all
  // of the phase before are.
  bool wait(std::size_t tickets) {
    return progress_.wait(tickets, [this] { return stopped(); });
  }

  const std::int32_t* visits_of(std::size_t step) const { return task_.visits.data() + step * task_.batch; }

  std::size_t rows_of(std::size_t step) const { return std::min(task_.batch, task_.visits.size() - step * task_.batch); }

  const float* row(std::int32_t id) const { return task_.x + static_cast<std::size_t>(id) * task_.cols; }
  std::int32_t other_of(std::size_t at) const { return at < task_.plain ? task_.base[at] : task_.other[at - task_.plain]; }
  float step_of(std::size_t at) const { return at < task_.plain ? 0 : task_.step[at - task_.plain]; }

  // Whether the rows visited lie in x one after the other, as they are: then nothing is gathered. Products read whole tiles of
  // columns, which must not reach behind the last row.
  bool in_place() const {
    if (listed_ || task_.visits.empty() || task_.cols % isa_.tile_cols != 0) return false;
    const auto first = static_cast<std::size_t>(task_.base[static_cast<std::size_t>(task_.visits[0])]);
    for (std::size_t i = 0; i < task_.visits.size(); i++) {
      const auto at = static_cast<std::size_t>(task_.visits[i]);
      if (static_cast<std::size_t>(task_.base[at]) != first + i || step_of(at) != 0) return false;
    }
    return true;
  }

  // The rows of a batch, in x or gathered.
  const float* rows(std::size_t step) const {
    if (!in_place_) return rows_[step % 2].get();
    const auto first = static_cast<std::size_t>(task_.base[static_cast<std::size_t>(task_.visits[0])]);
    return task_.x + (first + step * task_.batch) * task_.cols;
  }

  // Brings the rows of a chunk together, or lists where they lie and what they are made of.
  void gather(Desk& desk, std::size_t step, std::size_t chunk) {
    const std::size_t first = chunk * chunk_;
    const std::size_t batch = rows_of(step);
    if (first >= batch || in_place_) return;
    if (listed_) {
      if (desk.next->step == step && desk.next->chunk == chunk)
        std::swap(desk.list, desk.next);
      else
        list(desk, *desk.list, step, chunk);
      return;
    }
    const std::size_t count = std::min(chunk_, batch - first);
    const std::int32_t* visits = visits_of(step) + first;
    std::int32_t base[kChunk];
    std::int32_t other[kChunk];
    float share[kChunk];
    for (std::size_t i = 0; i < count; i++) {
      const auto at = static_cast<std::size_t>(visits[i]);
      base[i] = task_.base[at];
      other[i] = other_of(at);
      share[i] = step_of(at);
    }
    isa_.interpolate(task_.x, task_.cols, base, other, share, count, rows_[step % 2].get() + first * task_.cols, false);
  }

  void list(Desk& desk, Listing& to, std::size_t step, std::size_t chunk) const {
    const std::size_t first = chunk * chunk_;
    const std::size_t count = std::min(chunk_, rows_of(step) - first);
    const std::int32_t* visits = visits_of(step) + first;
    // Products of listed rows read whole tiles of columns.
    const bool as_they_are = task_.cols % isa_.tile_cols == 0;
    float* room = desk.rows.get();
    to.step = step;
    to.chunk = chunk;
    for (std::size_t i = 0; i < chunk_ + kListAhead; i++) {
      if (i >= count) {
        to.rows[i] = to.rows[count - 1];
        to.base[i] = to.base[count - 1];
        to.other[i] = to.other[count - 1];
        continue;
      }
      const auto at = static_cast<std::size_t>(visits[i]);
      to.base[i] = row(task_.base[at]);
      // The first question spares most rows the wait for their share.
      if (as_they_are && (at < task_.plain || step_of(at) == 0)) {
        to.rows[i] = const_cast<float*>(to.base[i]);
        to.other[i] = to.base[i];
        continue;
      }
      to.rows[i] = room;
      to.other[i] = row(other_of(at));
      to.share[i] = step_of(at);
      room += task_.cols;
    }
  }

  // Lists the chunk that this thread is likely to take next.
  void look_ahead(Desk& desk, std::size_t step, std::size_t chunk) {
    const std::size_t place = step * chunks_ + chunk + std::min(chunks_, std::max<std::size_t>(1, task_.threads));
    const std::size_t next = place / chunks_;
    if (next < steps_ && place % chunks_ * chunk_ < rows_of(next))
      list(desk, *desk.next, next, place % chunks_);
    else
      *desk.next = *desk.list;
  }

  // What a chunk's rows are to be, side by side: in the loss itself each would wait for memory.
  Targets targets(Desk& desk, const std::int32_t* visits, std::size_t count) const {
    const auto picked = [visits, count]<typename T>(const T* table, T* to) -> const T* {
      if (table == nullptr) return nullptr;
      for (std::size_t i = 0; i < count; i++) to[i] = table[static_cast<std::size_t>(visits[i])];
      return to;
    };
    return {.label = picked(task_.label, desk.label),
            .other_label = picked(task_.other_label, desk.other_label),
            .label_weight = picked(task_.label_weight, desk.label_weight),
            .sample_weight = picked(task_.sample_weight, desk.sample_weight)};
  }

  // The rows of a chunk forward to their loss, and back to the slopes of all layers.
  void pass(Desk& desk, std::size_t step, std::size_t chunk) {
    const std::size_t first = chunk * chunk_;
    const std::size_t batch = rows_of(step);
    sums_[chunk] = {0, 0};
    if (first >= batch) return;
    const std::size_t count = std::min(chunk_, batch - first);
    const float* input = listed_ ? nullptr : rows(step) + first * task_.cols;
    std::size_t inputs = task_.cols;
    for (std::size_t l = 0; l < depth_; l++) {
      const AffineLayer& layer = task_.layers[l];
      const bool last = l + 1 == depth_;
      const std::size_t stride = last ? padded_ : layer.outputs;
      float* out = (last ? slopes_[l] : outputs_[l]) + first * stride;
      if (layer.bias.values != nullptr)
        for (std::size_t i = 0; i < count; i++) std::copy_n(layer.bias.values, layer.outputs, out + i * stride);
      const float beta = layer.bias.values == nullptr ? 0 : 1;
      if (l == 0 && listed_)
        isa_.inner_listed(*desk.list, layer.weight.values, inputs, count, layer.outputs, beta, out, stride);
      else if (few(layer))
        isa_.inner(input, layer.weight.values, inputs, count, layer.outputs, 1, beta, out, stride, 1);
      else if (layer.outputs <= kSome)
        multiply_unpacked(isa_, desk, input, layer.weight.values, count, layer.outputs, inputs, beta, out, stride);
      else
        multiply(isa_, desk, {input, inputs, 1}, {layer.weight.values, inputs, 1}, count, layer.outputs, inputs, 1, beta, out,
                 stride);
      if (last) break;
      for (std::size_t j = 0; j < count * stride; j++) out[j] = out[j] < 0 ? 0 : out[j];
      input = out;
      inputs = layer.outputs;
    }
    sums_[chunk] = isa_.learning->cross_entropy(loss_, targets(desk, visits_of(step) + first, count), count,
                                                slopes_[depth_ - 1] + first * padded_);
    for (std::size_t l = depth_ - 1; l-- > 0;) {
      const AffineLayer& above = task_.layers[l + 1];
      const std::size_t outputs = task_.layers[l].outputs;
      const std::size_t stride = stride_of(outputs);
      const std::size_t stride_above = stride_of(above.outputs);
      float* slope = slopes_[l] + first * stride;
      multiply(isa_, desk, {slopes_[l + 1] + first * stride_above, stride_above, 1}, {above.weight.values, 1, outputs},
               count, outputs, above.outputs, 1, 0, slope, stride);
      const float* active = outputs_[l] + first * outputs;
      for (std::size_t i = 0; i < count; i++)
        for (std::size_t j = 0; j < outputs; j++) slope[i * stride + j] = active[i * outputs + j] > 0 ? slope[i * stride + j] : 0;
    }
    if (listed_) look_ahead(desk, step, chunk);
    float* part = parts_.get() + chunk * part_;
    inputs = task_.cols;
    for (std::size_t l = 0; l < depth_; inputs = task_.layers[l++].outputs)
      if (few(task_.layers[l])) part = chunk_gradient(desk, l, inputs, first, count, part);
  }

  // The gradients of a layer's weights and bias summed over the rows of a chunk. Returns where the next layer's belong.
  float* chunk_gradient(const Desk& desk, std::size_t l, std::size_t inputs, std::size_t first, std::size_t count, float* part) {
    const std::size_t outputs = task_.layers[l].outputs;
    const std::size_t stride = stride_of(outputs);
    const float* slope = slopes_[l] + first * stride;
    for (std::size_t i = 0; i < outputs; i += isa_.tile_rows) {
      const std::size_t height = std::min(isa_.tile_rows, outputs - i);
      for (std::size_t j = 0; j < inputs; j += isa_.tile_cols) {
        const std::size_t width = std::min(isa_.tile_cols, inputs - j);
        float* to = part + i * inputs + j;
        if (l == 0)
          isa_.outer_listed(slope + i, stride, *desk.list, *desk.next, j, count, height, width, to, inputs);
        else
          isa_.outer(slope + i, 1, stride, outputs_[l - 1] + first * inputs + j, inputs, count, height, width, 1, 0, to, inputs, 1);
      }
    }
    part += outputs * inputs;
    add_slopes(slope, outputs, count, part);
    return part + outputs;
  }

  static void add_slopes(const float* slope, std::size_t outputs, std::size_t count, float* sum) {
    std::fill_n(sum, outputs, 0.0f);
    for (std::size_t i = 0; i < count; i++)
      for (std::size_t j = 0; j < outputs; j++) sum[j] += slope[i * stride_of(outputs) + j];
  }

  LossSums total() const {
    LossSums sums = {0, 0};
    for (std::size_t chunk = 0; chunk < chunks_; chunk++) {
      sums.loss += sums_[chunk].loss;
      sums.weight += sums_[chunk].weight;
    }
    return sums;
  }

  // The gradient of one block of columns of one layer, and the step along it; the first block of a layer has its bias, too.
  void follow(Desk& desk, std::size_t step, std::size_t block, const LossSums& sums) {
    std::size_t l = 0;
    std::size_t inputs = task_.cols;
    std::size_t part = 0;  // of the layer in the gradients of a chunk
    for (std::size_t blocks; block >= (blocks = (inputs + kBlock - 1) / kBlock); block -= blocks) {
      if (few(task_.layers[l])) part += task_.layers[l].outputs * (inputs + 1);
      inputs = task_.layers[l++].outputs;
    }
    const AffineLayer& layer = task_.layers[l];
    const std::size_t outputs = layer.outputs;
    const std::size_t batch = rows_of(step);
    const std::size_t first = block * kBlock;
    const std::size_t width = std::min(kBlock, inputs - first);
    const double divisor = task_.by_weight ? sums.weight : static_cast<double>(batch);
    // A batch that weighs nothing teaches nothing.
    const float alpha = task_.rule == Rule::kSum ? 1 : divisor > 0 ? static_cast<float>(1 / divisor) : 0;
    float* gradient = desk.gradient.get();
    if (!few(layer)) {
      const float* input = (l == 0 ? rows(step) : outputs_[l - 1]) + first;
      multiply(isa_, desk, {slopes_[l], 1, stride_of(outputs)}, {input, 1, inputs}, outputs, width, batch, alpha, 0, gradient, width);
    }
    for (std::size_t i = 0; i < outputs; i++) {
      if (few(layer)) add_parts(part + i * inputs + first, width, batch, alpha, gradient + i * width);
      move(layer.weight, i * inputs + first, gradient + i * width, width, step);
    }
    if (block != 0 || layer.bias.values == nullptr) return;
    if (few(layer)) {
      add_parts(part + outputs * inputs, outputs, batch, alpha, gradient);
    } else {
      add_slopes(slopes_[l], outputs, batch, gradient);
      for (std::size_t j = 0; j < outputs; j++) gradient[j] *= alpha;
    }
    move(layer.bias, 0, gradient, outputs, step);
  }

  // `count` numbers from place `at` on of the gradients of all chunks that have rows.
  void add_parts(std::size_t at, std::size_t count, std::size_t batch, float alpha, float* gradient) const {
    std::copy_n(parts_.get() + at, count, gradient);
    for (std::size_t chunk = 1; chunk * chunk_ < batch; chunk++) {
      const float* part = parts_.get() + chunk * part_ + at;
      for (std::size_t j = 0; j < count; j++) gradient[j] += part[j];
    }
    for (std::size_t j = 0; j < count; j++) gradient[j] *= alpha;
  }

  void move(const Learnt& learnt, std::size_t first, const float* gradient, std::size_t count, std::size_t step) {
    if (task_.rule == Rule::kSum) {
      for (std::size_t j = 0; j < count; j++) learnt.sum[first + j] += gradient[j];
    } else if (task_.rule == Rule::kMomentum) {
      isa_.learning->momentum({task_.rate, task_.momentum, task_.decay, task_.nesterov}, gradient, count, learnt.values + first,
                              learnt.first + first);
    } else {
      const std::size_t steps = task_.steps_before + step + 1;
      isa_.learning->adam({.rate = static_cast<float>(task_.rate / (1 - power(task_.momentum, steps))),
                           .beta1 = task_.momentum,
                           .beta2 = task_.beta2,
                           .epsilon = task_.epsilon,
                           .keep = 1 - task_.rate * task_.decay,
                           .correction = static_cast<float>(1 / std::sqrt(1 - power(task_.beta2, steps)))},
                          gradient, count, learnt.values + first, learnt.first + first, learnt.second + first);
    }
  }

  const Isa& isa_;
  const Learn& task_;
  std::size_t depth_;
  std::size_t classes_;
  std::size_t padded_;
  bool listed_;  // each chunk's rows, instead of being copied where all threads see them
  std::size_t chunk_;
  std::size_t chunks_;
  std::size_t steps_;
  std::size_t blocks_ = 0;
  std::size_t widest_ = 0;
  bool in_place_ = false;
  Buffer<float> tables_;
  CrossEntropy loss_ = {};
  // Of each layer, in `memory_`: (batch, outputs) values after the rectifier, and (batch, stride) slopes of the summed loss.
  Buffer<float*> outputs_;
  Buffer<float*> slopes_;
  Buffer<LossSums> sums_;
  Buffer<float> memory_;
  std::size_t part_;       // numbers that the gradients of a chunk take
  Buffer<float> parts_;    // those of each chunk, of layers with few outputs
  Buffer<float> rows_[2];  // of this batch and the next, where all threads need them
  std::atomic<std::size_t> next_{0};
  Progress progress_;
  std::atomic<bool> diverged_{false};
};

}  // namespace

Status learn(const Isa& isa, const Learn& task) noexcept {
  Lesson lesson(isa, task);
  if (!lesson.prepare()) return Status::kOutOfMemory;
  on_threads(std::max<std::size_t>(1, task.threads), [&] { lesson.work(); });
  return lesson.status();
}

}  // namespace equipoise
