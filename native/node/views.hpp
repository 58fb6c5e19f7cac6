// Typed arrays as spans. They stay valid while the array is reachable and its buffer attached.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>

namespace equipoise::node {

template <typename Array>
auto view(const Napi::Value& value) {
  Array array = value.As<Array>();
  return std::span(array.Data(), array.ElementLength());
}

inline auto floats(const Napi::Value& value) { return view<Napi::Float32Array>(value); }
inline auto doubles(const Napi::Value& value) { return view<Napi::Float64Array>(value); }
inline auto bytes(const Napi::Value& value) { return view<Napi::Uint8Array>(value); }
inline auto ints(const Napi::Value& value) { return view<Napi::Int32Array>(value); }
inline std::size_t size(const Napi::Value& value) {
  return static_cast<std::size_t>(value.As<Napi::Number>().Int64Value());
}

}  // namespace equipoise::node
