// Which of the compiled instruction sets this CPU can run.
#include <cstring>

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#elif defined(__linux__) && defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

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
namespace avx2vnni {
extern const Isa isa;
}
namespace avx512vnni {
extern const Isa isa;
}
namespace amx {
extern const Isa isa;
}
#elif defined(__aarch64__)
namespace dotprod {
extern const Isa isa;
}
#endif

namespace {

#if defined(__x86_64__)
// Linux hands the large tile registers out on demand, for the whole process.
bool tiles_granted() noexcept {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

struct Available {
  const Isa* list[7] = {};

  Available() noexcept {
    const Isa** next = list;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    const bool vnni = avx512 && __builtin_cpu_supports("avx512vnni");
    if (vnni && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") && tiles_granted())
      *next++ = &amx::isa;
    if (vnni) *next++ = &avx512vnni::isa;
    if (avx512) *next++ = &avx512::isa;
    if (avx2 && __builtin_cpu_supports("avxvnni")) *next++ = &avx2vnni::isa;
    if (avx2) *next++ = &avx2::isa;
#elif defined(__aarch64__) && defined(__linux__)
    if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) *next++ = &dotprod::isa;
#elif defined(__aarch64__) && defined(__APPLE__)
    *next++ = &dotprod::isa;  // every Mac of this architecture has it
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
