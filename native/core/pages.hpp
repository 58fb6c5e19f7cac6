// Memory that is about to be written, perhaps for the first time.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace equipoise {

// Asks for huge pages wherever a whole one lies in the range: the first touch of a range then costs one fault in 2 MiB
// instead of one in 4 KiB. Where the system has none, or the range was touched before, nothing changes.
inline void ask_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kHuge = std::uintptr_t{1} << 21;
  const auto first = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t start = (first + kHuge - 1) / kHuge * kHuge;
  const std::uintptr_t end = (first + bytes) / kHuge * kHuge;
  if (start < end) madvise(reinterpret_cast<void*>(start), end - start, MADV_HUGEPAGE);
#endif
}

// Writes to every page of a range, whose content is lost here and there.
inline void touch_pages(char* data, std::size_t bytes) noexcept {
  constexpr std::size_t kPage = 4096;
  for (std::size_t at = 0; at < bytes; at += kPage) static_cast<volatile char*>(data)[at] = 0;
}

// Whether the page in the middle of a range has been touched; a guess for the rest, and false where the system does not tell.
inline bool touched([[maybe_unused]] const void* data, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__)
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t middle = (reinterpret_cast<std::uintptr_t>(data) + bytes / 2) / page * page;
  unsigned char present = 0;
  return mincore(reinterpret_cast<void*>(middle), page, &present) == 0 && (present & 1) != 0;
#else
  return false;
#endif
}

}  // namespace equipoise
