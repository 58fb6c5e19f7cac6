// Scratch memory aligned to cache lines, which is null instead of throwing when there is none left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

// Sanitizers watch what comes from the allocator.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#include <sys/mman.h>
#define EQUIPOISE_MAPS 1
#else
#define EQUIPOISE_MAPS 0
#endif

namespace equipoise {

template <typename T>
class Buffer {
 public:
  explicit Buffer(std::size_t size)
      : bytes_(round_up(size * sizeof(T) + kLine)), data_(static_cast<T*>(mapped() ? map(bytes_) : allocate(bytes_))) {}
  ~Buffer() {
#if EQUIPOISE_MAPS
    if (mapped()) {
      if (data_ != nullptr) munmap(data_, bytes_);
      return;
    }
#endif
    ::operator delete(data_, std::align_val_t{kLine});
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  explicit operator bool() const { return data_ != nullptr; }
  T* get() { return data_; }
  const T* get() const { return data_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kHuge = std::size_t{1} << 21;

  static constexpr std::size_t round_up(std::size_t bytes) { return bytes < kHuge ? bytes : (bytes + 0xffff) & ~std::size_t{0xffff}; }
  bool mapped() const { return EQUIPOISE_MAPS && bytes_ >= kHuge; }

  static void* allocate(std::size_t bytes) { return ::operator new(bytes, std::align_val_t{kLine}, std::nothrow); }

  // In large pages: fewer faults when it is filled, and fewer misses of the address cache. Not from the allocator, which would
  // keep it afterwards.
  static void* map([[maybe_unused]] std::size_t bytes) {
#if EQUIPOISE_MAPS
    void* all = mmap(nullptr, bytes + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) return nullptr;
    auto* first = static_cast<std::byte*>(all);
    const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(all) % kHuge) % kHuge;
    if (before > 0) munmap(first, before);
    if (before < kHuge) munmap(first + before + bytes, kHuge - before);
    madvise(first + before, bytes / kHuge * kHuge, MADV_HUGEPAGE);
    return first + before;
#else
    return nullptr;
#endif
  }

  std::size_t bytes_;
  T* data_;
};

}  // namespace equipoise
