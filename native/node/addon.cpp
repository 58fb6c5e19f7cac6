// The export table. Arguments were checked in src/kernels/checked.ts; src/kernels/addon.ts is the only caller.
#include <napi.h>

#include <type_traits>
#include <utility>
#include <memory>

#include "../core/kernels.hpp"
#include "../jpeg/jpeg.hpp"
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

// In this thread where the flag is set, and then not a promise but the status.
template <typename Call>
Napi::Value start_or_do(const Napi::CallbackInfo& info, std::size_t flag, Call call) {
  if (!info[flag].As<Napi::Boolean>().Value()) return Job<Call>::start(info, call);
  return Napi::Number::New(info.Env(), static_cast<int>(call()));
}

Resample resampling(const Napi::CallbackInfo& info) {
  return {.pixels = bytes(info[1]).data(),
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
}

Napi::Value resample(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  const auto call = [isa, task = resampling(info)] { return equipoise::resample(*isa, task); };
  return start_or_do(info, 18, call);
}

#if defined(EQUIPOISE_JPEG)
Jpeg jpeg(const Napi::CallbackInfo& info, std::size_t at) {
  return {.bytes = bytes(info[at]),
          .width = size(info[at + 1]),
          .height = size(info[at + 2]),
          .channels = size(info[at + 3])};
}

Napi::Value decode_jpeg(const Napi::CallbackInfo& info) {
  const auto call = [file = jpeg(info, 0), pixels = bytes(info[4]).data()] { return equipoise::decode_jpeg(file, pixels); };
  return Job<decltype(call)>::start(info, call);
}

// As `resample`, but for the bytes of a file in place of pixels.
Napi::Value resample_jpeg(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  const auto call = [isa, file = jpeg(info, 1), task = resampling(info)] {
    return equipoise::resample_jpeg(*isa, file, task);
  };
  return start_or_do(info, 18, call);
}
#endif

// The same names as in src/kernels/kernels.ts; what is optional there is null here.
class Fields {
 public:
  explicit Fields(const Napi::Value& value) : object_(value.As<Napi::Object>()) {}
  bool has(const char* name) const { return !object_.Get(name).IsUndefined(); }
  Napi::Value operator[](const char* name) const { return object_.Get(name); }
  Fields at(const char* name) const { return Fields(object_.Get(name)); }
  float* floats(const char* name) const { return has(name) ? node::floats(object_.Get(name)).data() : nullptr; }
  std::int32_t* ints(const char* name) const { return has(name) ? node::ints(object_.Get(name)).data() : nullptr; }
  double* doubles(const char* name) const { return has(name) ? node::doubles(object_.Get(name)).data() : nullptr; }
  float number(const char* name) const { return has(name) ? object_.Get(name).As<Napi::Number>().FloatValue() : 0; }
  bool flag(const char* name) const { return object_.Get(name).ToBoolean().Value(); }

 private:
  Napi::Object object_;
};

Learnt learnt(const Fields& layer, const char* name) {
  if (!layer.has(name)) return {};
  const Fields fields = layer.at(name);
  return {.values = fields.floats("values"),
          .first = fields.floats("first"),
          .second = fields.floats("second"),
          .sum = fields.doubles("sum")};
}

Napi::Value learn(const Napi::CallbackInfo& info) {
  const Isa* isa = isa_named(info[0]);
  if (isa == nullptr) return info.Env().Undefined();
  const Fields input(info[1]);
  const Fields rows = input.at("rows");
  const Fields loss = input.at("loss");
  const Fields rule = input.at("rule");
  const auto given = input["layers"].As<Napi::Array>();
  // No vector: growing one needs a newer standard library than the prebuild may ask for.
  const std::size_t depth = given.Length();
  std::unique_ptr<AffineLayer[]> layers(new AffineLayer[depth]);
  for (std::uint32_t l = 0; l < depth; l++) {
    const Fields layer(given.Get(l));
    layers[l] = {.outputs = size(layer["outputs"]), .weight = learnt(layer, "weight"), .bias = learnt(layer, "bias")};
  }
  Learn task = {.x = rows.floats("x"),
                .cols = size(rows["cols"]),
                .base = rows.ints("base"),
                .plain = size(rows["plain"]),
                .other = rows.ints("other"),
                .step = rows.floats("step"),
                .label = rows.ints("label"),
                .other_label = rows.ints("otherLabel"),
                .label_weight = rows.floats("labelWeight"),
                .sample_weight = rows.floats("weight"),
                .visits = ints(input["visits"]),
                .batch = size(input["batchSize"]),
                .layers = {layers.get(), depth},
                .scale = loss.floats("scale"),
                .shift = loss.floats("shift"),
                .class_weight = loss.floats("classWeights"),
                .smoothing = loss.number("smoothing"),
                .by_weight = loss.flag("byWeight"),
                .rule = static_cast<Rule>(info[2].As<Napi::Number>().Int32Value()),
                .rate = rule.number("rate"),
                .momentum = rule.number(rule.has("beta1") ? "beta1" : "momentum"),
                .beta2 = rule.number("beta2"),
                .epsilon = rule.number("epsilon"),
                .decay = rule.number("weightDecay"),
                .nesterov = rule.flag("nesterov"),
                .steps_before = rule.has("stepsBefore") ? size(rule["stepsBefore"]) : 0,
                .threads = size(input["threads"]),
                .losses = input.doubles("losses"),
                .control = ints(info[3]).data()};
  auto call = [isa, task, layers = std::move(layers)] { return equipoise::learn(*isa, task); };
  return Job<decltype(call)>::start(info, std::move(call));
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
#if defined(EQUIPOISE_JPEG)
  Napi::Object jpeg = Napi::Object::New(env);
  jpeg.Set("library", Napi::String::New(env, kJpegLibrary));
  jpeg.Set("decode", Napi::Function::New(env, decode_jpeg, "decode"));
  jpeg.Set("resample", Napi::Function::New(env, resample_jpeg, "resample"));
  exports.Set("jpeg", jpeg);
#endif
  exports.Set("learn", Napi::Function::New(env, learn, "learn"));
  return exports;
}

}  // namespace
}  // namespace equipoise::node

static Napi::Object equipoise_init(Napi::Env env, Napi::Object exports) { return equipoise::node::init(env, exports); }
NODE_API_MODULE(equipoise, equipoise_init)
