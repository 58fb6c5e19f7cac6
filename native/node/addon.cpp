// The export table. Arguments were checked in src/kernels/checked.ts; src/kernels/addon.ts is the only caller.
#include <napi.h>

#include "../core/kernels.hpp"
#include "../simd/isa.hpp"
#include "job.hpp"
#include "views.hpp"

namespace equipoise::node {
namespace {

const Isa* isa_named(const Napi::Value& name) {
  const Isa* isa = find_isa(name.As<Napi::String>().Utf8Value().c_str());
  if (isa == nullptr) Napi::Error::New(name.Env(), "no such instruction set").ThrowAsJavaScriptException();
  return isa;
}

Napi::Value nearest(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  const Nearest task = {.x = floats(info[1]).data(),
                        .rows = size(info[2]),
                        .cols = size(info[3]),
                        .labels = ints(info[4]).data(),
                        .queries = ints(info[5]),
                        .k = size(info[6]),
                        .among = static_cast<Among>(info[7].As<Napi::Number>().Int32Value()),
                        .threads = size(info[8]),
                        .indices = ints(info[9]).data(),
                        .l2sq = floats(info[10]).data(),
                        .control = ints(info[11]).data(),
                        .first = size(info[12]),
                        .last = size(info[13]),
                        .exact = doubles(info[14]).data(),
                        .screening = static_cast<Screening>(info[15].As<Napi::Number>().Int32Value())};
  const auto call = [isa, task] { return equipoise::nearest(*isa, task); };
  return Job<decltype(call)>::start(info, call);
}

Napi::Value interpolate(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  equipoise::interpolate(*isa, {.x = floats(info[1]).data(),
                                .cols = size(info[2]),
                                .base = ints(info[3]),
                                .other = ints(info[4]).data(),
                                .step = floats(info[5]).data(),
                                .threads = size(info[6]),
                                .out = floats(info[7]).data()});
  return info.Env().Undefined();
}

Napi::Value gemm(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  const Status status = equipoise::gemm(*isa, {.a = floats(info[1]).data(),
                                               .b = floats(info[2]).data(),
                                               .c = floats(info[3]).data(),
                                               .m = size(info[4]),
                                               .n = size(info[5]),
                                               .k = size(info[6]),
                                               .transpose_a = info[7].As<Napi::Boolean>().Value(),
                                               .transpose_b = info[8].As<Napi::Boolean>().Value(),
                                               .alpha = info[9].As<Napi::Number>().FloatValue(),
                                               .beta = info[10].As<Napi::Number>().FloatValue()});
  return Napi::Number::New(info.Env(), static_cast<int>(status));
}

Taps taps(const Napi::CallbackInfo& info, std::size_t at) {
  const auto first = ints(info[at]);
  const auto weights = ints(info[at + 2]);
  return {.outputs = first.size(),
          .first = first.data(),
          .count = ints(info[at + 1]).data(),
          .weights = weights.data(),
          .stride = first.empty() ? 0 : weights.size() / first.size()};
}

Napi::Value resample(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  const Resample task = {.pixels = bytes(info[1]).data(),
                         .width = size(info[2]),
                         .height = size(info[3]),
                         .channels = size(info[4]),
                         .across = taps(info, 5),
                         .down = taps(info, 8),
                         .values = floats(info[11]).data(),
                         .order = ints(info[12]),
                         .out = floats(info[13]).data() + size(info[14]),
                         .row_step = size(info[15]),
                         .pixel_step = size(info[16]),
                         .channel_step = size(info[17])};
  const auto call = [isa, task] { return equipoise::resample(*isa, task); };
  return Job<decltype(call)>::start(info, call);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Napi::Array isas = Napi::Array::New(env);
  for (const Isa* const* isa = available_isas(); *isa != nullptr; isa++)
    isas.Set(isas.Length(), Napi::String::New(env, (*isa)->name));
  Napi::Array int8 = Napi::Array::New(env);
  for (const Isa* const* isa = available_isas(); *isa != nullptr; isa++)
    if ((*isa)->int8 != nullptr) int8.Set(int8.Length(), Napi::String::New(env, (*isa)->name));
  exports.Set("isas", isas);
  exports.Set("int8Isas", int8);
  exports.Set("nearest", Napi::Function::New(env, nearest, "nearest"));
  exports.Set("interpolate", Napi::Function::New(env, interpolate, "interpolate"));
  exports.Set("gemm", Napi::Function::New(env, gemm, "gemm"));
  exports.Set("resample", Napi::Function::New(env, resample, "resample"));
  return exports;
}

}  // namespace
}  // namespace equipoise::node

static Napi::Object equipoise_init(Napi::Env env, Napi::Object exports) { return equipoise::node::init(env, exports); }
NODE_API_MODULE(equipoise, equipoise_init)
