// The decoder on sound and on broken files, made for the sanitizers: pixels are compared with sharp's in test/unit/preprocess.
//   jpeg_tests FOLDER     a folder of JPEG files of 61 x 45
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../../native/jpeg/jpeg.hpp"
#include "../../native/simd/isa.hpp"

namespace {

using namespace equipoise;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kWidth = 61;
constexpr std::size_t kHeight = 45;
constexpr std::size_t kSide = 20;
int failures = 0;

void check(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("FAILED: %s\n", what.c_str());
  failures++;
}

Status decode(const Bytes& bytes, std::size_t channels, Bytes& pixels) {
  pixels.assign(kWidth * kHeight * channels, 0);
  return decode_jpeg({bytes, kWidth, kHeight, channels}, pixels.data());
}

// Every output is the mean of two neighbours, from a corner that is not the first.
struct Corner {
  explicit Corner(std::size_t start) : first(kSide), count(kSide, 2), weights(2 * kSide, 1 << 21) {
    for (std::size_t i = 0; i < kSide; i++) first[i] = static_cast<std::int32_t>(start + i);
  }
  Taps taps() const { return {kSide, first.data(), count.data(), weights.data(), 2}; }
  std::vector<std::int32_t> first, count, weights;
};

Status resample(const Bytes& bytes, std::size_t channels, const Bytes* pixels, std::size_t left, std::size_t top, std::vector<float>& out) {
  const Corner across(left), down(top);
  std::vector<float> values(channels * 256);
  std::vector<std::int32_t> order(channels);
  for (std::size_t i = 0; i < values.size(); i++) values[i] = static_cast<float>(i);
  for (std::size_t c = 0; c < channels; c++) order[c] = static_cast<std::int32_t>(c);
  out.assign(channels * kSide * kSide, -1);
  const Resample task = {.pixels = pixels == nullptr ? nullptr : pixels->data(),
                         .width = kWidth,
                         .height = kHeight,
                         .channels = channels,
                         .across = across.taps(),
                         .down = down.taps(),
                         .values = values.data(),
                         .order = order,
                         .out = out.data(),
                         .row_step = kSide,
                         .pixel_step = 1,
                         .channel_step = kSide * kSide};
  const Isa& isa = *available_isas()[0];
  return pixels == nullptr ? resample_jpeg(isa, {bytes, kWidth, kHeight, channels}, task) : equipoise::resample(isa, task);
}

void test_file(const std::string& name, const Bytes& bytes) {
  const bool sound = name.find("arithmetic") == std::string::npos;
  const std::size_t channels = name.find("grey") == std::string::npos ? 3 : 1;
  Bytes pixels, other;
  check((decode(bytes, channels, pixels) == Status::kDone) == sound, name);
  check(decode(bytes, 4 - channels, other) == Status::kNotPlain, name + " with another number of channels");
  if (sound) {
    std::vector<float> wanted, got;
    // Blocks that nothing is read of are not decoded.
    for (std::size_t top = 0; top + kSide < kHeight; top++)
      for (std::size_t left = 0; left + kSide < kWidth; left++) {
        resample({}, channels, &pixels, left, top, wanted);
        check(resample(bytes, channels, nullptr, left, top, got) == Status::kDone && got == wanted,
              name + " resampled from column " + std::to_string(left) + ", row " + std::to_string(top));
      }
  }
  // Whatever comes out, nothing may be read or written outside, and nothing leaked.
  std::vector<float> out;
  for (std::size_t length = 0; length < bytes.size(); length++) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    if (length % 41 == 0) check(decode(cut, channels, other) == Status::kNotPlain, name + " cut");
    // Also where all that is read was there.
    check(resample(cut, channels, nullptr, 33, length % 23, out) == Status::kNotPlain && out == std::vector<float>(out.size(), -1),
          name + " cut, resampled");
  }
  std::uint32_t state = 1;
  for (int i = 0; i < 300; i++) {
    Bytes wrong = bytes;
    for (int k = 0; k < 2; k++) {
      state = state * 1664525 + 1013904223;
      wrong[2 + (state >> 8) % (wrong.size() - 2)] = static_cast<std::uint8_t>(state >> 3);
    }
    decode(wrong, channels, other);
    resample(wrong, channels, nullptr, state % 41, state / 41 % 25, out);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return EXIT_FAILURE;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream stream(entry.path(), std::ios::binary);
    const Bytes bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    test_file(entry.path().filename().string(), bytes);
    files++;
  }
  check(files > 0, "there are files");
  std::printf("%zu files: %d failures\n", files, failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
