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

}  // namespace

void interpolate(const Isa& isa, const Interpolate& task) noexcept {
  const std::size_t count = task.base.size();
  const std::size_t row_bytes = task.cols * sizeof(float);
  const std::size_t bytes = count * row_bytes;
  // A page touched first is zeroed by the system and so lies in the cache already: writing past it would cost twice.
  const bool stream = bytes > kStreamBytes && touched(task.out, bytes);
  ask_huge_pages(task.out, bytes);
  const std::size_t part = std::max<std::size_t>(1, kPartBytes / row_bytes);
  std::atomic<std::size_t> next{0};
  on_threads(std::clamp<std::size_t>((count + part - 1) / part, 1, task.threads), [&] {
    for (std::size_t start; (start = next.fetch_add(part)) < count;)
      isa.interpolate(task.x, task.cols, task.base.data() + start, task.other + start, task.step + start,
                      std::min(part, count - start), task.out + start * task.cols, stream);
  });
}

}  // namespace equipoise
