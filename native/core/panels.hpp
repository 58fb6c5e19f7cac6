// Rows packed for a screen, with the numbers that bound its products.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "../simd/isa.hpp"
#include "buffer.hpp"

namespace equipoise {

// To float32, at least (at most) the value; subnormals may be off by the least of them.
inline float rounded_up(double value) { return static_cast<float>(value + std::fabs(value) * 0x1p-23); }
inline float rounded_down(double value) { return static_cast<float>(value - std::fabs(value) * 0x1p-23); }

enum class Side { kLeft, kRight };

class Panels {
 public:
  Panels(const Screen& screen, Side side, std::size_t rows, std::size_t cols)
      : pack_(side == Side::kLeft ? screen.pack_left : screen.pack_right),
        width_(side == Side::kLeft ? screen.tile_rows : screen.tile_cols),
        row_bytes_(screen.padded(cols) * screen.bytes),
        cols_(cols),
        bytes_((rows + width_) * row_bytes_),
        scale_(rows + width_),
        residual_(rows + width_),
        length_(rows + width_),
        bias_(rows + width_),
        start_(rows + width_) {}

  explicit operator bool() const { return bytes_ && scale_ && residual_ && length_ && bias_ && start_; }

  // Packs rows ids[0], … ids[count - 1] of x as the rows from `at`, a multiple of the panel's width, on. `shrink` is the factor
  // of the bias, `work` has room for a row, and norms take |u|^2 of each row, if not null.
  void pack(std::size_t at, const float* x, const std::int32_t* ids, std::size_t count, const Frame& frame, double shrink,
            float* work, double* norms) {
    double norm[kMostTile];
    double error[kMostTile];
    for (std::size_t done = 0; done < count; done += width_) {
      const std::size_t first = at + done;
      const std::size_t rows = std::min(width_, count - done);
      Rows to = from(first);
      to.norm = norm;
      to.error = error;
      pack_(x, cols_, ids + done, rows, frame, work, to);
      for (std::size_t r = 0; r < width_; r++) {
        // Of int8, with e = 2^-24: turning u rounds by 6 e |u|, its residual by e (|u| + 3 |r|) with |r| <= |u|, and what bounds
        // a pair by 48 e a b. Widening each residual by 64 e |u| widens the bound by 128 e a b, which covers them all.
        const double length = std::sqrt(norm[r]) * (1 + 0x1p-20);
        const double residual = error[r] == 0 ? 0 : std::sqrt(error[r]) * (1 + 0x1p-20) + 0x1p-18 * length;
        residual_[first + r] = residual == 0 ? 0 : rounded_up(residual);
        length_[first + r] = rounded_up(length + residual / 2);
        bias_[first + r] = rounded_down(0.5 * norm[r] * shrink);
      }
      if (norms != nullptr) std::copy_n(norm, rows, norms + done);
    }
  }

  // The rows from `at`, the first of a panel, on.
  Rows from(std::size_t at) {
    return {.panels = bytes_.get() + at * row_bytes_,
            .scale = scale_.get() + at,
            .start = start_.get() + at,
            .norm = nullptr,
            .error = nullptr,
            .residual = residual_.get() + at,
            .length = length_.get() + at,
            .bias = bias_.get() + at};
  }

 private:
  decltype(Screen::pack_left) pack_;
  std::size_t width_;
  std::size_t row_bytes_;
  std::size_t cols_;
  Buffer<std::byte> bytes_;
  Buffer<float> scale_;
  Buffer<float> residual_;
  Buffer<float> length_;
  Buffer<float> bias_;
  Buffer<std::int32_t> start_;
};

}  // namespace equipoise
