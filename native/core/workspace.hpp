// Scratch memory that each thread keeps for its next call: memory fresh from the system costs a fault a page, which for the
// pixels of one image is a good part of the work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "buffer.hpp"

namespace equipoise {

class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() {
    if (size_ > kept().size && size_ <= kMostKept) kept() = {std::move(room_), size_};
  }

  // To be called once. Null where there is no memory.
  std::uint8_t* reserve(std::size_t bytes) {
    if (kept().size >= bytes) {
      size_ = std::exchange(kept().size, 0);
      room_ = std::move(kept().room);
    } else {
      room_.reset(new (std::nothrow) Buffer<std::uint8_t>(bytes));
      if (room_ == nullptr || !*room_) return nullptr;
      size_ = bytes;
    }
    return room_->get();
  }

 private:
  struct Kept {
    std::unique_ptr<Buffer<std::uint8_t>> room;
    std::size_t size = 0;
  };
  static constexpr std::size_t kMostKept = std::size_t{1} << 22;

  static Kept& kept() {
#if defined(__wasm__)
    static Kept own;  // one thread an instance
#else
    static thread_local Kept own;
#endif
    return own;
  }

  std::unique_ptr<Buffer<std::uint8_t>> room_;
  std::size_t size_ = 0;
};

}  // namespace equipoise
