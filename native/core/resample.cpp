#include <algorithm>
#include <tuple>
#include <utility>

#include "../simd/isa.hpp"
#include "kernels.hpp"
#include "resampler.hpp"

namespace equipoise {
namespace {

// The first source of an axis, and the one behind the last.
std::pair<std::size_t, std::size_t> reach(const Taps& taps) noexcept {
  std::int32_t first = taps.first[0];
  std::int32_t last = first;
  for (std::size_t i = 0; i < taps.outputs; i++) {
    first = std::min(first, taps.first[i]);
    last = std::max(last, taps.first[i] + taps.count[i]);
  }
  return {first, last};
}

// The number of each byte of `count` pixels, by a table a channel.
void look_up(const std::uint8_t* pixels, std::size_t count, std::size_t channels, std::span<const std::int32_t> order,
             const float* values, float* out, std::size_t pixel_step, std::size_t channel_step) noexcept {
  if (channels == 3 && order.size() == 3 && pixel_step == 1) {
    // What nearly all networks take. All three at once: a loop over one is so short that where it crosses a line of the
    // instruction cache it takes a third longer.
    const std::uint8_t *const a = pixels + order[0], *const b = pixels + order[1], *const c = pixels + order[2];
    for (std::size_t x = 0; x < count; x++) {
      out[x] = values[a[3 * x]];
      out[channel_step + x] = values[256 + b[3 * x]];
      out[2 * channel_step + x] = values[512 + c[3 * x]];
    }
    return;
  }
  for (std::size_t c = 0; c < order.size(); c++)
    for (std::size_t x = 0; x < count; x++)
      out[c * channel_step + x * pixel_step] = values[256 * c + pixels[x * channels + static_cast<std::size_t>(order[c])]];
}

constexpr std::size_t rounded(std::size_t bytes) { return (bytes / kPixelRoom + 1) * kPixelRoom; }

}  // namespace

std::uint8_t* Resampler::reserve(std::size_t extra) noexcept {
  std::tie(left_, right_) = reach(task_.across);
  std::tie(top_, bottom_) = reach(task_.down);
  const std::size_t length = task_.across.outputs * task_.channels;
  step_ = rounded(length) + kPixelRoom;
  const std::size_t rows = (bottom_ - top_ + 1) * step_;
  const std::size_t columns = rounded((right_ - left_) * task_.channels) * kStrip;
  const std::size_t filtered = rounded(length) * kStrip;
  rows_ = workspace_.reserve(rows + columns + filtered + extra);
  if (rows_ == nullptr) return nullptr;
  columns_ = rows_ + rows;
  filtered_ = columns_ + columns;
  return filtered_ + filtered;
}

void Resampler::add(const std::uint8_t* pixels, std::size_t first, std::size_t count) noexcept {
  const std::size_t from = std::max(first, top_);
  const std::size_t to = std::min(first + count, bottom_);
  if (from >= to) return;
  const std::size_t source = task_.width * task_.channels;
  isa_.filter_rows(pixels + (from - first) * source, source, to - from, task_.channels, task_.across, left_, right_,
                   columns_, filtered_, rows_ + (from - top_) * step_, step_);
}

void Resampler::finish() noexcept {
  const auto& [pixels, width, height, channels, across, down, values, order, out, row_step, pixel_step, channel_step] = task_;
  std::uint8_t* row = rows_ + (bottom_ - top_) * step_;
  for (std::size_t y = 0; y < down.outputs; y++) {
    isa_.filter_column(rows_ + (static_cast<std::size_t>(down.first[y]) - top_) * step_, step_,
                       static_cast<std::size_t>(down.count[y]), down.weights + y * down.stride, across.outputs * channels,
                       row);
    look_up(row, across.outputs, channels, order, values, out + y * row_step, pixel_step, channel_step);
  }
}

Status resample(const Isa& isa, const Resample& task) noexcept {
  if (task.across.outputs == 0 || task.down.outputs == 0) return Status::kDone;
  Resampler resampler(isa, task);
  if (resampler.reserve(0) == nullptr) return Status::kOutOfMemory;
  resampler.add(task.pixels, 0, task.height);
  resampler.finish();
  return Status::kDone;
}

}  // namespace equipoise
