// The core without Node, for running under sanitizers: every instruction set against plain loops.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <tuple>
#include <vector>

#include "../../native/core/kernels.hpp"
#include "../../native/simd/isa.hpp"

using namespace equipoise;

namespace {

int failures = 0;

void check(bool holds, const char* what, const char* isa, long a = 0, long b = 0) {
  if (holds) return;
  failures++;
  std::printf("FAILED %s (%s) at %ld, %ld\n", what, isa, a, b);
}

// A linear congruential generator: the same numbers everywhere.
std::uint32_t state = 1;
float uniform() {
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) * 0x1p-24f;
}
std::size_t below(std::size_t bound) { return static_cast<std::size_t>(uniform() * static_cast<float>(bound)); }

double l2sq_of(const float* a, const float* b, std::size_t cols) {
  double lane[8] = {};
  for (std::size_t j = 0; j < cols; j++) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    lane[j % 8] += difference * difference;
  }
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

void test_nearest(const Isa& isa) {
  // Whole numbers tie; thirds do not; the last magnitude leaves float32's squares.
  const float scales[] = {1, 1.0f / 3, 1e30f};
  for (const std::size_t cols : {1, 7, 8, 33, 300})
    for (const float scale : scales)
      for (const Among among : {Among::kAll, Among::kSameClass, Among::kEnemies})
        for (const std::size_t threads : {1, 3}) {
          const std::size_t rows = 97;
          const std::size_t k = threads == 1 ? 4 : rows + 2;
          std::vector<float> x(rows * cols);
          for (float& value : x) value = scale == 1 ? static_cast<float>(below(3)) : (uniform() - 0.5f) * scale;
          std::vector<std::int32_t> labels(rows);
          for (std::int32_t& label : labels) label = static_cast<std::int32_t>(below(3)) - 1;
          std::vector<std::int32_t> queries(40);
          for (std::int32_t& query : queries) query = static_cast<std::int32_t>(below(rows));
          std::vector<std::int32_t> indices(queries.size() * k);
          std::vector<float> l2sq(queries.size() * k);
          std::int32_t control[2] = {};
          const Status status =
              nearest(isa, {x.data(), rows, cols, labels.data(), queries, k, among, threads, indices.data(), l2sq.data(), control});
          check(status == Status::kDone, "nearest finishes", isa.name);
          check(control[1] == static_cast<std::int32_t>(queries.size()), "nearest counts its queries", isa.name, control[1]);
          for (std::size_t q = 0; q < queries.size(); q++) {
            std::vector<bool> taken(rows);
            for (std::size_t rank = 0; rank < k; rank++) {
              double best = std::numeric_limits<double>::infinity();
              std::int32_t best_id = -1;
              for (std::size_t id = 0; id < rows; id++) {
                const auto query = static_cast<std::size_t>(queries[q]);
                const bool same = labels[id] == labels[query];
                if (id == query || taken[id] || (among == Among::kSameClass && !same) || (among == Among::kEnemies && same))
                  continue;
                const double distance = l2sq_of(&x[query * cols], &x[id * cols], cols);
                if (distance < best) best = distance, best_id = static_cast<std::int32_t>(id);
              }
              if (best_id >= 0) taken[static_cast<std::size_t>(best_id)] = true;
              check(indices[q * k + rank] == best_id, "nearest id", isa.name, static_cast<long>(q), static_cast<long>(rank));
              check(l2sq[q * k + rank] == static_cast<float>(best), "nearest distance", isa.name, static_cast<long>(q),
                    static_cast<long>(rank));
            }
          }
        }
}

void test_stop(const Isa& isa) {
  std::vector<float> x(100);
  std::vector<std::int32_t> query = {0};
  std::int32_t index = 0;
  float l2sq = 0;
  std::int32_t control[2] = {1, 0};
  check(nearest(isa, {x.data(), 100, 1, nullptr, query, 1, Among::kAll, 2, &index, &l2sq, control}) == Status::kStopped,
        "nearest stops", isa.name);
}

void test_interpolate(const Isa& isa) {
  for (const std::size_t cols : {1, 3, 15, 16, 17, 33, 100}) {
    std::vector<float> x(5 * cols);
    for (float& value : x) value = uniform() - 0.5f;
    const std::vector<std::int32_t> base = {0, 1, 2, 4};
    const std::vector<std::int32_t> other = {4, 1, 3, 0};
    const std::vector<float> step = {0.3f, 0.5f, 0, 0.99999994f};
    std::vector<float> out(base.size() * cols);
    interpolate(isa, {x.data(), cols, base, other.data(), step.data(), 2, out.data()});
    for (std::size_t r = 0; r < base.size(); r++)
      for (std::size_t j = 0; j < cols; j++) {
        const float a = x[static_cast<std::size_t>(base[r]) * cols + j];
        const float b = x[static_cast<std::size_t>(other[r]) * cols + j];
        // volatile: a rounding after each operation, whatever this file is compiled with.
        const volatile float difference = b - a;
        const volatile float part = step[r] * difference;
        const volatile float sum = a + part;
        const float wanted = std::fmin(std::fmax(sum, std::fmin(a, b)), std::fmax(a, b));
        check(out[r * cols + j] == wanted, "interpolate", isa.name, static_cast<long>(r), static_cast<long>(j));
      }
    // Past the cache, from every place within a line.
    for (std::size_t shift = 0; shift < 17; shift++) {
      std::vector<float> streamed(out.size() + 18, 7);
      isa.interpolate(x.data(), cols, base.data(), other.data(), step.data(), base.size(), &streamed[shift], true);
      check(std::equal(out.begin(), out.end(), &streamed[shift]), "streamed interpolate", isa.name, static_cast<long>(cols),
            static_cast<long>(shift));
      check(streamed[shift + out.size()] == 7, "streamed interpolate stays inside", isa.name, static_cast<long>(cols));
    }
  }
}

void test_gemm(const Isa& isa) {
  const std::tuple<std::size_t, std::size_t, std::size_t> shapes[] = {
      {1, 1, 1}, {5, 3, 9}, {10, 65, 31}, {65, 10, 31}, {33, 34, 300}, {250, 40, 5}, {34, 2100, 3}, {3, 2, 0}};
  for (const auto& [m, n, k] : shapes)
    for (const int form : {0, 1, 2, 3})
      for (const float beta : {0.0f, -0.5f}) {
        const bool transpose_a = (form & 1) != 0;
        const bool transpose_b = (form & 2) != 0;
        std::vector<float> a(m * k), b(k * n), c(m * n);
        for (float& value : a) value = uniform() - 0.5f;
        for (float& value : b) value = uniform() - 0.5f;
        for (float& value : c) value = beta == 0 ? std::numeric_limits<float>::quiet_NaN() : uniform();
        const std::vector<float> before = c;
        gemm(isa, {a.data(), b.data(), c.data(), m, n, k, transpose_a, transpose_b, 1.5f, beta});
        for (std::size_t i = 0; i < m; i++)
          for (std::size_t j = 0; j < n; j++) {
            double sum = beta == 0 ? 0 : beta * before[i * n + j];
            double size = std::fabs(sum);
            for (std::size_t p = 0; p < k; p++) {
              const double term = 1.5 * a[transpose_a ? p * m + i : i * k + p] * b[transpose_b ? j * k + p : p * n + j];
              sum += term;
              size += std::fabs(term);
            }
            const double budget = (2 * static_cast<double>(k) + 1) * 0x1p-24 * size;
            check(std::fabs(c[i * n + j] - sum) <= budget, "gemm", isa.name, static_cast<long>(i), static_cast<long>(j));
          }
      }
}

}  // namespace

int main() {
  for (const Isa* const* isa = available_isas(); *isa != nullptr; isa++) {
    test_nearest(**isa);
    test_stop(**isa);
    test_interpolate(**isa);
    test_gemm(**isa);
    std::printf("%s: %d failures so far\n", (*isa)->name, failures);
  }
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
