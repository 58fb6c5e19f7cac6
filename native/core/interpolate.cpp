#include <algorithm>
#include <atomic>

#include "../simd/isa.hpp"
#include "kernels.hpp"
#include "pages.hpp"
#include "threads.hpp"

namespace equipoise {
namespace {

// What a thread takes at a time: enough to be worth the taking, little enough to share out evenly.
constexpr std::size_t kPartBytes = std::size_t{1} << 21;
// More output than this does not stay in the cache.
constexpr std::size_t kStreamBytes = std::size_t{1} << 24;

// Calls work(start, size) for parts of 0 … count - 1 on up to `threads` threads.
template <typename Work>
void in_parts(std::size_t count, std::size_t part, std::size_t threads, const Work& work) noexcept {
  std::atomic<std::size_t> next{0};
  on_threads(std::clamp<std::size_t>((count + part - 1) / part, 1, threads), [&] {
    for (std::size_t start; (start = next.fetch_add(part)) < count;) work(start, std::min(part, count - start));
  });
}

}  // namespace

void interpolate(const Isa& isa, const Interpolate& task) noexcept {
  const std::size_t count = task.base.size();
  const std::size_t row_bytes = task.cols * sizeof(float);
  const std::size_t bytes = count * row_bytes;
  const bool large = bytes > kStreamBytes;
  if (large && !touched(task.out, bytes)) {
    // The system zeroes a page at its first touch, through the cache: streaming into it right then would evict those lines
    // one by one, so all pages come first.
    ask_huge_pages(task.out, bytes);
    in_parts(bytes, kPartBytes, task.threads, [&](std::size_t start, std::size_t size) {
      touch_pages(reinterpret_cast<char*>(task.out) + start, size);
    });
  }
  in_parts(count, std::max<std::size_t>(1, kPartBytes / row_bytes), task.threads, [&](std::size_t start, std::size_t size) {
    isa.interpolate(task.x, task.cols, task.base.data() + start, task.other + start, task.step + start, size,
                    task.out + start * task.cols, large);
  });
}

}  // namespace equipoise
