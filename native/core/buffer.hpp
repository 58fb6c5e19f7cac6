// Scratch memory aligned to cache lines, which is null instead of throwing when there is none left.
#pragma once

#include <cstddef>
#include <new>

namespace equipoise {

template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t size)
      : data_(static_cast<T*>(::operator new(size * sizeof(T) + kLine, std::align_val_t{kLine}, std::nothrow))) {}
  ~Buffer() { ::operator delete(data_, std::align_val_t{kLine}); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  explicit operator bool() const { return data_ != nullptr; }
  T* get() { return data_; }
  const T* get() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  static constexpr std::size_t kLine = 64;
  T* data_;
};

}  // namespace equipoise
