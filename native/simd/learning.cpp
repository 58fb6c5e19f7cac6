// The loss and the rules of learning, with a tolerance. The compiler may contract a * b + c here.
#include "learning.hpp"

#include "isa.hpp"
#include "lanes.hpp"

namespace equipoise::EQUIPOISE_ISA {
namespace {

constexpr std::int32_t kCounting[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

inline Floats all(float value) { return value - Floats{}; }

template <std::size_t kCount>
struct Vector {
  typedef float Type __attribute__((vector_size(kCount * sizeof(float))));
};

struct Add {
  template <typename T>
  T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

// All lanes as one, by halves.
template <typename Of, std::size_t kCount = kLanes>
inline float fold(typename Vector<kCount>::Type values) {
  if constexpr (kCount == 2) {
    return Of()(values[0], values[1]);
  } else {
    typename Vector<kCount / 2>::Type halves[2];
    __builtin_memcpy(halves, &values, sizeof(values));
    return fold<Of, kCount / 2>(Of()(halves[0], halves[1]));
  }
}

// e^x for x <= 0, to a few units of the last place, 0 below -87 and NaN for NaN: 2^k e^r with |r| <= ln 2 / 2 and the series of
// e^r, of which the next term is r^8 / 8! < 6e-9.
inline Floats exponential(Floats x) {
  const Floats clamped = x > -87.0f ? x : all(-87.0f);
  // Adding and taking away 1.5 * 2^23 rounds to a whole number.
  const Floats big = all(12582912.0f);
  const Floats k = (clamped * 1.44269504f + big) - big;
  // ln 2 in two parts, so that the difference keeps its digits.
  const Floats r = (clamped - k * 0.693359375f) + k * 2.12194440e-4f;
  Floats series = all(1.0f / 5040) * r + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r * r + r + 1.0f;
  const Ints power = (__builtin_convertvector(k, Ints) + 127) << 23;
  Floats two;
  __builtin_memcpy(&two, &power, sizeof(two));
  return x > -87.0f ? series * two : (x <= -87.0f ? Floats{} : x);
}

// ln of a number >= 1, by the platform: once a row.
inline float logarithm(float value) { return __builtin_logf(value); }

// With kOne the classes of a row fill one vector.
template <bool kOne>
LossSums cross_entropy_of(const CrossEntropy& loss, const Targets& targets, std::size_t count, float* z) {
  const std::size_t padded = kOne ? kLanes : loss.padded;
  LossSums sums = {0, 0};
  const float spread = loss.smoothing / static_cast<float>(loss.classes);
  const float kept = 1 - loss.smoothing;
  float all_weights = 0;
  for (std::size_t c = 0; c < loss.classes; c++) all_weights += loss.class_weight[c];
  for (std::size_t i = 0; i < count; i++, z += padded) {
    Floats most = all(-__builtin_inff());
    for (std::size_t j = 0; j < padded; j += kLanes) {
      const Floats value = load<Floats>(loss.scale + j) * load<Floats>(z + j) + load<Floats>(loss.shift + j);
      store(z + j, value);
      most = value > most ? value : most;
    }
    const float highest = fold<Larger>(most);
    const float sample = targets.sample_weight == nullptr ? 1 : targets.sample_weight[i];
    const float share = targets.label_weight == nullptr ? 1 : targets.label_weight[i];
    const std::size_t label = static_cast<std::size_t>(targets.label[i]);
    const std::size_t other = targets.other_label == nullptr ? label : static_cast<std::size_t>(targets.other_label[i]);
    const float own = sample * share * loss.class_weight[label];
    const float rest = share == 1 ? 0 : sample * (1 - share) * loss.class_weight[other];
    const float own_logit = z[label] - highest;
    const float other_logit = z[other] - highest;
    // The smoothed part of the loss needs the logits before they are overwritten.
    Floats smooth = {};
    if (spread != 0)
      for (std::size_t j = 0; j < padded; j += kLanes) {
        const Floats weight = load<Floats>(loss.class_weight + j);
        smooth += weight > 0.0f ? weight * (load<Floats>(z + j) - highest) : Floats{};
      }
    Floats sum = {};
    for (std::size_t j = 0; j < padded; j += kLanes) {
      const Floats e = exponential(load<Floats>(z + j) - highest);
      store(z + j, e);
      sum += e;
    }
    const float total = fold<Add>(sum);
    const float log_sum = logarithm(total);
    const float scattered = sample * spread;
    double value = 0;
    if (own != 0) value += kept * own * (log_sum - own_logit);
    if (rest != 0) value += kept * rest * (log_sum - other_logit);
    if (scattered != 0) value += scattered * (all_weights * log_sum - fold<Add>(smooth));
    // A row that weighs nothing still says when its logits are not numbers.
    sums.loss += total == total ? value : static_cast<double>(total);
    sums.weight += own + rest;
    // L = sum of q_c (log_sum - z_c), so dL/dz_j = p_j sum of q_c - q_j.
    const float factor = (kept * (own + rest) + scattered * all_weights) / total;
    for (std::size_t j = 0; j < padded; j += kLanes) {
      // Compared with each class: a label written by itself would wait for the vector around it.
      const Ints classes = load<Ints>(kCounting) + static_cast<std::int32_t>(j);
      Floats slope = factor * load<Floats>(z + j);
      if (scattered != 0) slope -= scattered * load<Floats>(loss.class_weight + j);
      slope -= classes == static_cast<std::int32_t>(label) ? all(kept * own) : Floats{};
      if (rest != 0) slope -= classes == static_cast<std::int32_t>(other) ? all(kept * rest) : Floats{};
      store(z + j, slope * load<Floats>(loss.scale + j));
    }
  }
  return sums;
}

LossSums cross_entropy(const CrossEntropy& loss, const Targets& targets, std::size_t count, float* z) {
  return loss.padded == kLanes ? cross_entropy_of<true>(loss, targets, count, z) : cross_entropy_of<false>(loss, targets, count, z);
}

void momentum(const Momentum& rule, const float* __restrict g, std::size_t count, float* __restrict w, float* __restrict v) {
  const auto [rate, share, decay, nesterov] = rule;
  if (nesterov)
    for (std::size_t j = 0; j < count; j++) {
      const float slope = g[j] + decay * w[j];
      v[j] = share * v[j] + slope;
      w[j] -= rate * (slope + share * v[j]);
    }
  else
    for (std::size_t j = 0; j < count; j++) {
      v[j] = share * v[j] + (g[j] + decay * w[j]);
      w[j] -= rate * v[j];
    }
}

void adam(const Adam& rule, const float* __restrict g, std::size_t count, float* __restrict w, float* __restrict m,
          float* __restrict s) {
  const auto [rate, beta1, beta2, epsilon, keep, correction] = rule;
  for (std::size_t j = 0; j < count; j++) {
    m[j] = beta1 * m[j] + (1 - beta1) * g[j];
    s[j] = beta2 * s[j] + (1 - beta2) * g[j] * g[j];
    w[j] = keep * w[j] - rate * m[j] / (__builtin_sqrtf(s[j]) * correction + epsilon);
  }
}

}  // namespace

extern const Learning learning;
const Learning learning = {cross_entropy, momentum, adam};

}  // namespace equipoise::EQUIPOISE_ISA
