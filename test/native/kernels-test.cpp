// The core without Node, for running under sanitizers: every instruction set against plain loops.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <tuple>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "../../native/core/kernels.hpp"
#include "../../native/core/panels.hpp"
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

// A screen alone: with limits that let everything pass, the bound of a pair is at most, and with its stated error at least, what
// plain loops say of the packed rows.
void test_screen(const Screen& screen, const char* name) {
  for (const std::size_t cols : {1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 127, 129, 300, 1000})
    for (const float scale : {1.0f, 1e-30f}) {
      const std::size_t left_count = screen.tile_rows - 1;
      const std::size_t right_count = 2 * screen.tile_cols + 3;
      const std::size_t rows = left_count + right_count;
      std::vector<float> x(rows * cols);
      for (float& value : x) value = (uniform() - 0.5f) * scale;
      std::vector<float> centre(cols);
      for (float& value : centre) value = 0.1f * scale * uniform();
      std::vector<float> signs(cols);
      for (float& value : signs) value = uniform() < 0.5f ? -1.0f : 1.0f;
      const Frame frame = {1, centre.data(), signs.data()};
      std::vector<std::int32_t> ids(rows);
      for (std::size_t i = 0; i < rows; i++) ids[i] = static_cast<std::int32_t>((7 * i) % rows);
      std::vector<float> work(screen.padded(cols));
      std::vector<double> norms(left_count);
      Panels left(screen, Side::kLeft, left_count, cols);
      Panels right(screen, Side::kRight, right_count, cols);
      left.pack(0, x.data(), ids.data(), left_count, frame, 1, work.data(), norms.data());
      right.pack(0, x.data(), ids.data() + left_count, right_count, frame, 1, work.data(), nullptr);
      std::vector<float> limits(screen.tile_rows, std::numeric_limits<float>::infinity());
      Hits hits;
      if (screen.enter != nullptr) screen.enter();
      for (std::size_t panel = 0; panel < 3; panel++) {
        const Rows l = left.from(0);
        const Rows r = right.from(panel * screen.tile_cols);
        check(screen.search(l, r, cols, limits.data(), 3 - panel, hits) == 0, "screen stops at a hit", name);
        for (std::size_t i = 0; i < left_count; i++)
          for (std::size_t j = 0; j < std::min(screen.tile_cols, right_count - panel * screen.tile_cols); j++) {
            double product = 0;
            double a = 0;
            double b = 0;
            for (std::size_t c = 0; c < cols; c++) {
              const auto at = [&](std::size_t row) {
                return static_cast<double>(x[static_cast<std::size_t>(ids[row]) * cols + c] - centre[c]);
              };
              const double u = at(i);
              const double v = at(left_count + panel * screen.tile_cols + j);
              product += u * v;
              a += u * u;
              b += v * v;
            }
            const double error = static_cast<double>(l.length[i]) * r.residual[j] + static_cast<double>(l.residual[i]) * r.length[j];
            const double rounding = (static_cast<double>(cols) + 16) * 0x1p-24 * (a + b) / 2 + 1024 * 0x1p-126;
            const double bound = hits.bound[i * screen.tile_cols + j];
            check((hits.bits[i] >> j & 1) != 0, "screen hits", name, static_cast<long>(i), static_cast<long>(j));
            check(bound <= b / 2 - product + rounding, "screen's lower bound", name, static_cast<long>(cols), static_cast<long>(j));
            check(bound + 2 * error >= b / 2 - product - rounding, "screen's upper bound", name, static_cast<long>(cols),
                  static_cast<long>(j));
            check(error <= 0.03 * (a + b) + rounding, "screen's error is small", name, static_cast<long>(cols), static_cast<long>(j));
            check(std::fabs(norms[i] - a) <= 1e-12 * a, "norm", name, static_cast<long>(i));
          }
      }
      for (float& limit : limits) limit = -std::numeric_limits<float>::infinity();
      check(screen.search(left.from(0), right.from(0), cols, limits.data(), 3, hits) == 3, "screen passes over", name);
      if (screen.leave != nullptr) screen.leave();
    }
}

void test_nearest(const Isa& isa) {
  // Whole numbers tie; thirds do not; the last magnitude leaves float32's squares.
  const float scales[] = {1, 1.0f / 3, 1e30f};
  for (const std::size_t cols : {1, 7, 8, 33, 300})
    for (const float scale : scales)
      for (const Among among : {Among::kAll, Among::kSameClass, Among::kEnemies})
        for (const std::size_t threads : {1, 3})
          for (const Screening screening : {Screening::kFloat32, Screening::kInt8}) {
            if (screening == Screening::kInt8 && isa.int8 == nullptr) continue;
            const std::size_t rows = 97;
            const std::size_t first = threads == 1 ? 0 : 5;
            const std::size_t last = threads == 1 ? SIZE_MAX : 60;
            const std::size_t k = threads == 1 ? 4 : rows + 2;
            std::vector<float> x(rows * cols);
            for (float& value : x) value = scale == 1 ? static_cast<float>(below(3)) : (uniform() - 0.5f) * scale;
            std::vector<std::int32_t> labels(rows);
            for (std::int32_t& label : labels) label = static_cast<std::int32_t>(below(3)) - 1;
            std::vector<std::int32_t> queries(40);
            for (std::int32_t& query : queries) query = static_cast<std::int32_t>(below(rows));
            std::vector<std::int32_t> indices(queries.size() * k);
            std::vector<float> l2sq(queries.size() * k);
            std::vector<double> exact(queries.size() * k);
            std::int32_t control[2] = {};
            const Status status =
                nearest(isa, {.x = x.data(), .rows = rows, .cols = cols, .labels = labels.data(), .queries = queries, .k = k,
                              .among = among, .threads = threads, .indices = indices.data(), .l2sq = l2sq.data(),
                              .control = control, .first = first, .last = last, .exact = exact.data(), .screening = screening});
            check(status == Status::kDone, "nearest finishes", isa.name);
            check(control[1] == static_cast<std::int32_t>(queries.size()), "nearest counts its queries", isa.name, control[1]);
            for (std::size_t q = 0; q < queries.size(); q++) {
              std::vector<bool> taken(rows);
              for (std::size_t rank = 0; rank < k; rank++) {
                double best = std::numeric_limits<double>::infinity();
                std::int32_t best_id = -1;
                for (std::size_t id = first; id < std::min(rows, last); id++) {
                  const auto query = static_cast<std::size_t>(queries[q]);
                  const bool same = labels[id] == labels[query];
                  if (id == query || taken[id] || (among == Among::kSameClass && !same) || (among == Among::kEnemies && same))
                    continue;
                  const double distance = l2sq_of(&x[query * cols], &x[id * cols], cols);
                  if (distance < best) best = distance, best_id = static_cast<std::int32_t>(id);
                }
                if (best_id >= 0) taken[static_cast<std::size_t>(best_id)] = true;
                check(indices[q * k + rank] == best_id, "nearest id", isa.name, static_cast<long>(q), static_cast<long>(rank));
                check(exact[q * k + rank] == best, "nearest sum", isa.name, static_cast<long>(q), static_cast<long>(rank));
                check(l2sq[q * k + rank] == static_cast<float>(best), "nearest distance", isa.name, static_cast<long>(q),
                      static_cast<long>(rank));
              }
            }
          }
}

// Rows so wide that they make several blocks of candidates and of queries.
void test_blocks(const Isa& isa, Screening screening, std::size_t query_count) {
  const std::size_t rows = 70;
  const std::size_t cols = 40000;
  const std::size_t k = 5;
  std::vector<float> x(rows * cols);
  for (float& value : x) value = uniform() - 0.5f;
  std::vector<std::int32_t> labels(rows);
  for (std::int32_t& label : labels) label = static_cast<std::int32_t>(below(3));
  std::vector<std::int32_t> queries(query_count);
  for (std::int32_t& query : queries) query = static_cast<std::int32_t>(below(rows));
  std::vector<double> distances(rows * rows);
  for (std::size_t a = 0; a < rows; a++)
    for (std::size_t b = 0; b < a; b++)
      distances[a * rows + b] = distances[b * rows + a] = l2sq_of(&x[a * cols], &x[b * cols], cols);
  for (const Among among : {Among::kAll, Among::kSameClass, Among::kEnemies}) {
    std::vector<std::int32_t> indices(query_count * k);
    std::vector<float> l2sq(query_count * k);
    std::int32_t control[2] = {};
    nearest(isa, {.x = x.data(), .rows = rows, .cols = cols, .labels = labels.data(), .queries = queries, .k = k, .among = among,
                  .threads = 2, .indices = indices.data(), .l2sq = l2sq.data(), .control = control, .screening = screening});
    check(control[1] == static_cast<std::int32_t>(query_count), "blocks count their queries", isa.name, control[1]);
    for (std::size_t q = 0; q < query_count; q++) {
      const auto query = static_cast<std::size_t>(queries[q]);
      std::vector<std::size_t> order;
      for (std::size_t id = 0; id < rows; id++) {
        const bool same = labels[id] == labels[query];
        if (id != query && (among == Among::kAll || (among == Among::kSameClass) == same)) order.push_back(id);
      }
      std::sort(order.begin(), order.end(),
                [&](std::size_t a, std::size_t b) { return distances[query * rows + a] < distances[query * rows + b]; });
      for (std::size_t rank = 0; rank < k; rank++)
        check(indices[q * k + rank] == static_cast<std::int32_t>(order[rank]), "nearest in blocks", isa.name, static_cast<long>(q),
              static_cast<long>(rank));
    }
  }
}

void test_stop(const Isa& isa) {
  std::vector<float> x(100);
  std::vector<std::int32_t> query = {0};
  std::int32_t index = 0;
  float l2sq = 0;
  std::int32_t control[2] = {1, 0};
  const Status status = nearest(isa, {.x = x.data(), .rows = 100, .cols = 1, .labels = nullptr, .queries = query, .k = 1,
                                      .among = Among::kAll, .threads = 2, .indices = &index, .l2sq = &l2sq, .control = control});
  check(status == Status::kStopped, "nearest stops", isa.name);
}

// More than 2^32 numbers, nearly all of them in pages that are never touched.
void test_large(const Isa& isa) {
#if defined(__linux__)
  const std::size_t cols = std::size_t{1} << 16;
  const std::size_t rows = (std::size_t{1} << 16) + 100;
  void* memory = mmap(nullptr, rows * cols * sizeof(float), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return;
  auto* x = static_cast<float*>(memory);
  const std::size_t first = rows - 70;
  // Row i of the last ones is i away from the first row of all, in its last column.
  for (std::size_t i = 0; i < 70; i++) x[(first + i) * cols + cols - 1] = static_cast<float>(i + 1);
  const std::vector<std::int32_t> queries = {0, static_cast<std::int32_t>(rows - 1)};
  std::vector<std::int32_t> indices(4);
  std::vector<float> l2sq(4);
  for (const Screening screening : {Screening::kFloat32, Screening::kAuto}) {
    nearest(isa, {.x = x, .rows = rows, .cols = cols, .labels = nullptr, .queries = queries, .k = 2, .among = Among::kAll,
                  .threads = 2, .indices = indices.data(), .l2sq = l2sq.data(), .control = nullptr, .first = first, .screening = screening});
    const auto id = [first](std::size_t i) { return static_cast<std::int32_t>(first + i); };
    check(indices == std::vector<std::int32_t>{id(0), id(1), id(68), id(67)}, "nearest beyond 2^32 numbers", isa.name);
    check(l2sq == std::vector<float>{1, 4, 1, 4}, "distances beyond 2^32 numbers", isa.name);
  }
  const std::vector<std::int32_t> base = {0, static_cast<std::int32_t>(rows - 1)};
  const std::vector<std::int32_t> other = {static_cast<std::int32_t>(rows - 1), static_cast<std::int32_t>(first)};
  const std::vector<float> step = {0.5f, 0.5f};
  std::vector<float> out(2 * cols);
  interpolate(isa, {x, cols, base, other.data(), step.data(), 2, out.data()});
  // From 0 to 70 and from 70 to 1, half way.
  check(out[cols - 1] == 35 && out[2 * cols - 1] == 35.5f && out[cols] == 0, "interpolate beyond 2^32 numbers", isa.name);
  munmap(memory, rows * cols * sizeof(float));
#else
  (void)isa;
#endif
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
      {1, 1, 1}, {5, 3, 9}, {10, 65, 31}, {65, 10, 31}, {33, 34, 300}, {250, 40, 5}, {34, 2100, 3}, {3, 2, 0},
      // Dot products: groups of columns of every size, rows and depths with a rest.
      {19, 1, 33}, {19, 2, 33}, {19, 3, 33}, {19, 4, 33}, {41, 6, 131}, {41, 7, 144}, {13, 16, 128},
      // Rows as they lie, also a page apart; blocks in every direction.
      {40, 17, 70}, {45, 64, 1024}, {18, 17, 4100}, {131, 128, 270}, {230, 129, 1030}, {70, 1100, 40}};
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

// Two layers learn from rows and recipes with soft labels and weights: the first step against plain loops in float64, later ones against
// other numbers of threads. Few units take their rows from a list, where they lie if their columns fill whole tiles.
void test_learn(const Isa& isa, std::size_t cols, std::size_t units) {
  constexpr std::size_t kRows = 150;
  constexpr std::size_t kPlain = 41;
  constexpr std::size_t kClasses = 5;
  std::vector<float> x(kRows * cols);
  for (float& value : x) value = uniform() - 0.5f;
  std::vector<std::int32_t> base(kRows), other(kRows), label(kRows), other_label(kRows), visits(kRows);
  std::vector<float> step(kRows), share(kRows), weight(kRows);
  for (std::size_t i = 0; i < kRows; i++) {
    base[i] = static_cast<std::int32_t>(below(kRows));
    other[i] = static_cast<std::int32_t>(below(kRows));
    label[i] = static_cast<std::int32_t>(below(kClasses));
    other_label[i] = static_cast<std::int32_t>(below(kClasses));
    visits[i] = static_cast<std::int32_t>(below(kRows));
    step[i] = i < kPlain || i % 3 == 0 ? 0 : uniform();
    share[i] = i % 4 == 0 ? 1 : uniform();
    weight[i] = 2 * uniform();
  }
  const float class_weight[kClasses] = {1, 0.5f, 2, 1.5f, 0.25f};
  const float scale[kClasses] = {1, 0.9f, 0.8f, 0.7f, 0.6f};
  const float shift[kClasses] = {0, -1, -0.5f, -2, 0.5f};
  std::vector<float> start[4];
  const std::size_t sizes[4] = {units * cols, units, kClasses * units, kClasses};
  for (std::size_t p = 0; p < 4; p++) {
    start[p].resize(sizes[p]);
    for (float& value : start[p]) value = 0.3f * (uniform() - 0.5f);
  }
  const auto run = [&](Rule rule, std::size_t threads, std::size_t batch, std::vector<float> (&values)[4],
                       std::vector<double> (&sums)[4], std::vector<double>& losses) {
    std::vector<float> first[4], second[4];
    Learnt learnt[4];
    for (std::size_t p = 0; p < 4; p++) {
      values[p] = start[p];
      first[p].resize(sizes[p]);
      second[p].resize(sizes[p]);
      sums[p].assign(sizes[p], 0);
      learnt[p] = {values[p].data(), first[p].data(), second[p].data(), sums[p].data()};
    }
    const AffineLayer layers[] = {{units, learnt[0], learnt[1]}, {kClasses, learnt[2], learnt[3]}};
    std::int32_t control[2] = {};
    losses.assign(2 * ((kRows + batch - 1) / batch), 0);
    return learn(isa, {.x = x.data(), .cols = cols, .base = base.data(), .plain = kPlain, .other = other.data() + kPlain,
                       .step = step.data() + kPlain, .label = label.data(), .other_label = other_label.data(),
                       .label_weight = share.data(), .sample_weight = weight.data(), .visits = visits, .batch = batch,
                       .layers = layers, .scale = scale, .shift = shift, .class_weight = class_weight, .smoothing = 0.1f, .by_weight = true, .rule = rule,
                       .rate = 0.05f, .momentum = 0.9f, .beta2 = 0.99f, .epsilon = 1e-8f, .decay = 1e-3f, .nesterov = false,
                       .steps_before = 0, .threads = threads, .losses = losses.data(), .control = control});
  };
  // Loss at the start, by plain loops.
  double wanted = 0;
  for (const std::int32_t visit : visits) {
    const auto at = static_cast<std::size_t>(visit);
    double z[kClasses];
    std::vector<double> hidden(units);
    for (std::size_t h = 0; h < units; h++) {
      hidden[h] = start[1][h];
      for (std::size_t j = 0; j < cols; j++) {
        const double a = x[static_cast<std::size_t>(base[at]) * cols + j];
        const double b = x[static_cast<std::size_t>(other[at]) * cols + j];
        hidden[h] += (a + step[at] * (b - a)) * start[0][h * cols + j];
      }
      hidden[h] = std::max(0.0, hidden[h]);
    }
    double sum = 0;
    for (std::size_t c = 0; c < kClasses; c++) {
      z[c] = start[3][c];
      for (std::size_t h = 0; h < units; h++) z[c] += hidden[h] * start[2][c * units + h];
      z[c] = scale[c] * z[c] + shift[c];
      sum += std::exp(z[c]);
    }
    for (std::size_t c = 0; c < kClasses; c++) {
      const double own = static_cast<std::size_t>(label[at]) == c ? share[at] : 0;
      const double rest = static_cast<std::size_t>(other_label[at]) == c ? 1 - share[at] : 0;
      wanted += weight[at] * class_weight[c] * (0.9 * (own + rest) + 0.1 / kClasses) * (std::log(sum) - z[c]);
    }
  }
  std::vector<float> values[4], again[4];
  std::vector<double> sums[4], more[4];
  std::vector<double> losses, others;
  check(run(Rule::kSum, 1, kRows, values, sums, losses) == Status::kDone, "learn is done", isa.name);
  check(std::abs(losses[0] - wanted) < 1e-4 * wanted, "loss of learn", isa.name);
  check(values[0] == start[0], "a sum moves nothing", isa.name);
  // The same gradient from batches of any size.
  run(Rule::kSum, 2, 7, again, more, others);
  for (std::size_t p = 0; p < 4; p++)
    for (std::size_t j = 0; j < sizes[p]; j++)
      check(std::abs(sums[p][j] - more[p][j]) < 1e-4, "gradient of learn", isa.name, static_cast<long>(p), static_cast<long>(j));
  for (const Rule rule : {Rule::kMomentum, Rule::kAdam}) {
    run(rule, 1, 40, values, sums, losses);
    check(losses.back() > 0 && values[0] != start[0], "learn moves", isa.name);
    for (const std::size_t threads : {2, 5}) {
      run(rule, threads, 40, again, more, others);
      for (std::size_t p = 0; p < 4; p++) check(values[p] == again[p], "threads do not matter to learn", isa.name, static_cast<long>(p));
      check(losses == others, "losses of learn", isa.name);
    }
  }
}

}  // namespace

int main() {
  // How work is shared out is the same for every instruction set.
  const Isa& fastest = **available_isas();
  test_blocks(fastest, Screening::kFloat32, 250);
  if (fastest.int8 != nullptr) test_blocks(fastest, Screening::kInt8, 900);
  for (const Isa* const* isa = available_isas(); *isa != nullptr; isa++) {
    test_screen((*isa)->float32, (*isa)->name);
    if ((*isa)->int8 != nullptr) test_screen(*(*isa)->int8, (*isa)->name);
    test_nearest(**isa);
    test_large(**isa);
    test_stop(**isa);
    test_interpolate(**isa);
    test_gemm(**isa);
    for (const std::size_t cols : {131, 128})
      for (const std::size_t units : {19, 7}) test_learn(**isa, cols, units);
    std::printf("%s: %d failures so far\n", (*isa)->name, failures);
  }
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
