// The exports of the WebAssembly module. Arguments were checked in src/kernels/checked.ts; src/kernels/wasm.ts is the only
// caller. Pointers are into this module's own memory: the caller reserves room there, copies in, calls, copies out.
#include <cstdlib>

#include "../core/kernels.hpp"
#include "../simd/isa.hpp"

#define EQUIPOISE_EXPORT(name) extern "C" __attribute__((export_name(#name)))

namespace {

using namespace equipoise;

// One instruction set is compiled in: SIMD128.
const Isa& isa() { return *available_isas()[0]; }

// Wide enough for a vector of any kernel.
constexpr std::size_t kAlignment = 64;

}  // namespace

// Null where the memory cannot grow any further.
EQUIPOISE_EXPORT(reserve) void* wasm_reserve(std::size_t bytes) {
  return std::aligned_alloc(kAlignment, (bytes + kAlignment) / kAlignment * kAlignment);
}

EQUIPOISE_EXPORT(release) void wasm_release(void* memory) { std::free(memory); }

EQUIPOISE_EXPORT(nearest)
Status wasm_nearest(const float* x, std::size_t rows, std::size_t cols, const std::int32_t* labels,
                    const std::int32_t* queries, std::size_t count, std::size_t k, Among among, std::size_t first,
                    std::size_t last, std::int32_t* indices, float* l2sq, double* exact) {
  return nearest(isa(), {.x = x,
                         .rows = rows,
                         .cols = cols,
                         .labels = labels,
                         .queries = {queries, count},
                         .k = k,
                         .among = among,
                         .threads = 1,
                         .indices = indices,
                         .l2sq = l2sq,
                         .control = nullptr,
                         .first = first,
                         .last = last,
                         .exact = exact});
}

EQUIPOISE_EXPORT(interpolate)
void wasm_interpolate(const float* x, std::size_t cols, const std::int32_t* base, const std::int32_t* other,
                      const float* step, std::size_t count, float* out) {
  interpolate(isa(), {.x = x,
                      .cols = cols,
                      .base = {base, count},
                      .other = other,
                      .step = step,
                      .threads = 1,
                      .out = out});
}

EQUIPOISE_EXPORT(gemm)
Status wasm_gemm(const float* a, const float* b, float* c, std::size_t m, std::size_t n, std::size_t k,
                 bool transpose_a, bool transpose_b, float alpha, float beta) {
  return gemm(isa(), {.a = a,
                      .b = b,
                      .c = c,
                      .m = m,
                      .n = n,
                      .k = k,
                      .transpose_a = transpose_a,
                      .transpose_b = transpose_b,
                      .alpha = alpha,
                      .beta = beta});
}

EQUIPOISE_EXPORT(resample)
Status wasm_resample(const std::uint8_t* pixels, std::size_t width, std::size_t height, std::size_t channels,
                     std::size_t across_outputs, const std::int32_t* across, std::size_t across_stride,
                     std::size_t down_outputs, const std::int32_t* down, std::size_t down_stride, const float* values,
                     const std::int32_t* order, std::size_t order_size, float* out, std::size_t row_step,
                     std::size_t pixel_step, std::size_t channel_step) {
  // first, count and weights of an axis, one behind the other.
  const auto taps = [](std::size_t outputs, const std::int32_t* all, std::size_t stride) -> Taps {
    return {.outputs = outputs, .first = all, .count = all + outputs, .weights = all + 2 * outputs, .stride = stride};
  };
  return resample(isa(), {.pixels = pixels,
                          .width = width,
                          .height = height,
                          .channels = channels,
                          .across = taps(across_outputs, across, across_stride),
                          .down = taps(down_outputs, down, down_stride),
                          .values = values,
                          .order = {order, order_size},
                          .out = out,
                          .row_step = row_step,
                          .pixel_step = pixel_step,
                          .channel_step = channel_step});
}
