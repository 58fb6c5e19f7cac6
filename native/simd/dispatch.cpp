// Which of the compiled instruction sets this CPU can run.
#include <cstring>

#include "isa.hpp"

namespace equipoise {

namespace baseline {
extern const Isa isa;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Isa isa;
}
namespace avx512 {
extern const Isa isa;
}
#endif

namespace {

struct Available {
  const Isa* list[4] = {};

  Available() noexcept {
    const Isa** next = list;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
      *next++ = &avx512::isa;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) *next++ = &avx2::isa;
#endif
    *next = &baseline::isa;
  }
};

}  // namespace

const Isa* const* available_isas() noexcept {
  static const Available available;
  return available.list;
}

const Isa* find_isa(const char* name) noexcept {
  for (const Isa* const* isa = available_isas(); *isa != nullptr; isa++)
    if (std::strcmp((*isa)->name, name) == 0) return *isa;
  return nullptr;
}

}  // namespace equipoise
