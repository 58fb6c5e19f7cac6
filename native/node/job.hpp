// A kernel call off the event loop, as a promise of its status.
#pragma once

#include <napi.h>

#include <utility>

#include "../core/kernels.hpp"

namespace equipoise::node {

template <typename Call>
class Job : public Napi::AsyncWorker {
 public:
  // `inputs` are kept alive until the promise settles; the call may use views of them.
  static Napi::Promise start(const Napi::CallbackInfo& inputs, Call call) {
    Job* job = new Job(inputs, std::move(call));
    job->Queue();
    return job->deferred_.Promise();
  }

 protected:
  void Execute() override { status_ = call_(); }
  void OnOK() override { deferred_.Resolve(Napi::Number::New(Env(), static_cast<int>(status_))); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Job(const Napi::CallbackInfo& inputs, Call call)
      : Napi::AsyncWorker(inputs.Env()),
        deferred_(Napi::Promise::Deferred::New(inputs.Env())),
        inputs_(Napi::Persistent(Napi::Array::New(inputs.Env()).As<Napi::Object>())),
        call_(std::move(call)) {
    for (std::size_t i = 0; i < inputs.Length(); i++) inputs_.Set(static_cast<std::uint32_t>(i), inputs[i]);
  }

  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference inputs_;
  Call call_;
  Status status_ = Status::kDone;
};

}  // namespace equipoise::node
