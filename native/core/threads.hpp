#pragma once

#include <cstddef>

#if !defined(__wasm__)
#include <system_error>
#include <thread>
#include <vector>
#endif

namespace equipoise {

#if defined(__wasm__)
// WebAssembly has one thread an instance, which has nobody to wait for.
inline void pause(std::size_t) noexcept {}

template <typename Work>
void on_threads(std::size_t, const Work& work) noexcept {
  work();
}
#else
// Between two looks at what another thread will have done soon: at first nothing, then the processor is handed on.
inline void pause(std::size_t turn) noexcept {
  constexpr std::size_t kTurns = 2000;
  if (turn >= kTurns) return std::this_thread::yield();
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Runs `work` on up to `threads` threads, this one included, and waits. Where the system grants fewer, fewer run: callers
// take their share of the work from a common counter, so all of it is done either way.
template <typename Work>
void on_threads(std::size_t threads, const Work& work) noexcept {
  std::vector<std::thread> others;
  try {
    others.reserve(threads - 1);
    for (std::size_t t = 1; t < threads; t++) others.emplace_back(work);
  } catch (...) {
    // Out of threads or memory: those that started and this one carry on.
  }
  work();
  for (std::thread& other : others) other.join();
}
#endif

}  // namespace equipoise
