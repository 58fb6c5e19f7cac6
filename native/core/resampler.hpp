// Resampling of an image whose rows come one after the other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.hpp"
#include "workspace.hpp"

namespace equipoise {

class Resampler {
 public:
  // `task.pixels` is not read.
  Resampler(const Isa& isa, const Resample& task) noexcept : isa_(isa), task_(task) {}

  // To be called first, once. Null where there is no memory, else room for `extra` bytes of the caller's.
  std::uint8_t* reserve(std::size_t extra) noexcept;
  // After that: the columns that are read, from and up to, and the rows.
  std::size_t left() const noexcept { return left_; }
  std::size_t right() const noexcept { return right_; }
  std::size_t top() const noexcept { return top_; }
  std::size_t bottom() const noexcept { return bottom_; }
  // Filters rows `first` up to `first + count` along x. As many as kStrip take as long as one.
  void add(const std::uint8_t* pixels, std::size_t first, std::size_t count) noexcept;
  // Once all rows were added: filters along y and writes the numbers. Nothing is written before.
  void finish() noexcept;

 private:
  const Isa& isa_;
  const Resample& task_;
  // What the filters reach of the image: from, and up to.
  std::size_t left_ = 0;
  std::size_t right_ = 0;
  std::size_t top_ = 0;
  std::size_t bottom_ = 0;
  // Bytes from one filtered row to the next.
  std::size_t step_ = 0;
  std::uint8_t* rows_ = nullptr;
  std::uint8_t* columns_ = nullptr;
  std::uint8_t* filtered_ = nullptr;
  Workspace workspace_;
};

}  // namespace equipoise
