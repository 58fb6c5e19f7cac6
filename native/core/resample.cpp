#include <algorithm>
#include <utility>

#include "../simd/isa.hpp"
#include "buffer.hpp"
#include "kernels.hpp"

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

}  // namespace

Status resample(const Isa& isa, const Resample& task) noexcept {
  const auto& [pixels, width, height, channels, across, down, values, order, out, row_step, pixel_step, channel_step] = task;
  if (across.outputs == 0 || down.outputs == 0) return Status::kDone;
  const auto [top, bottom] = reach(down);
  const auto [left, right] = reach(across);

  const std::size_t length = across.outputs * channels;
  const std::size_t step = (length / kPixelRoom + 2) * kPixelRoom;
  Buffer<std::uint8_t> rows((bottom - top + 1) * step);
  Buffer<std::uint8_t> columns(((right - left) * channels + kPixelRoom) * kStrip);
  Buffer<std::uint8_t> filtered((length + kPixelRoom) * kStrip);
  if (!rows || !columns || !filtered) return Status::kOutOfMemory;
  const std::size_t source = width * channels;
  isa.filter_rows(pixels + top * source, source, bottom - top, channels, across, left, right, columns.get(),
                  filtered.get(), rows.get(), step);

  std::uint8_t* row = rows.get() + (bottom - top) * step;
  for (std::size_t y = 0; y < down.outputs; y++) {
    isa.filter_column(rows.get() + (static_cast<std::size_t>(down.first[y]) - top) * step, step,
                      static_cast<std::size_t>(down.count[y]), down.weights + y * down.stride, length, row);
    for (std::size_t c = 0; c < order.size(); c++) {
      const float* table = values + 256 * c;
      const std::uint8_t* from = row + order[c];
      float* to = out + y * row_step + c * channel_step;
      for (std::size_t x = 0; x < across.outputs; x++) to[x * pixel_step] = table[from[x * channels]];
    }
  }
  return Status::kDone;
}

}  // namespace equipoise
