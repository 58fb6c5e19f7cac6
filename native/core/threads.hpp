#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#if !defined(__wasm__)
#include <system_error>
#include <thread>
#include <vector>
#endif
#if defined(__linux__)
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace equipoise {

// Counts pieces of work that threads have done, and lets a thread wait for the others'.
class Progress {
 public:
  std::size_t done() const { return done_.load(std::memory_order_acquire); }

  void add() {
    done_.fetch_add(1);
    if (sleepers_.load() > 0) wake();
  }

  // Until so many are done; false if it was stopped before.
  template <typename Stopped>
  bool wait(std::size_t least, const Stopped& stopped) {
    for (std::size_t turn = 0; done() < least; turn++) {
      if (stopped()) return false;
      // What others do is short, so nobody sleeps at once. But one who went on looking would be in the way of another that
      // the system has put on the same processor, and would keep it there.
      if (turn < kTurns)
        pause();
      else
        sleep(least);
    }
    return true;
  }

 private:
  static constexpr std::size_t kTurns = 2000;

  static void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

#if defined(__linux__)
  void sleep(std::size_t least) {
    // At most so long: whoever stops it wakes nobody.
    constexpr timespec kAtMost = {0, 1000000};
    sleepers_.fetch_add(1);
    const std::uint32_t seen = woken_.load();
    if (done_.load() < least) syscall(SYS_futex, &woken_, FUTEX_WAIT_PRIVATE, seen, &kAtMost, nullptr, 0);
    sleepers_.fetch_sub(1);
  }
  void wake() {
    woken_.fetch_add(1);
    syscall(SYS_futex, &woken_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }
#elif defined(__wasm__)
  // One thread an instance, which has nobody to wait for.
  void sleep(std::size_t) {}
  void wake() {}
#else
  void sleep(std::size_t) { std::this_thread::yield(); }
  void wake() {}
#endif

  std::atomic<std::size_t> done_{0};
  std::atomic<std::uint32_t> sleepers_{0};
  std::atomic<std::uint32_t> woken_{0};
};

#if defined(__wasm__)
template <typename Work>
void on_threads(std::size_t, const Work& work) noexcept {
  work();
}
#else
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
