#include "jpeg.hpp"

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>

// Needs the two above.
#include <jpeglib.h>

#include "../core/resampler.hpp"
#include "../simd/isa.hpp"

#define EQUIPOISE_TEXT_OF(x) #x
#define EQUIPOISE_TEXT(x) EQUIPOISE_TEXT_OF(x)

namespace equipoise {

const char* const kJpegLibrary = "libjpeg-turbo " EQUIPOISE_TEXT(LIBJPEG_TURBO_VERSION);

namespace {

// A file of few bytes may ask for a pass over all its pixels again and again.
constexpr int kMostScans = 100;

// The library's own manager of errors prints and exits. Here whatever it objects to ends the decoding, warnings too.
struct Errors : jpeg_error_mgr {
  Errors() : jpeg_error_mgr{} {
    error_exit = [](j_common_ptr info) { std::longjmp(static_cast<Errors*>(info->err)->back, 1); };
    emit_message = [](j_common_ptr info, int level) {
      if (level < 0) info->err->error_exit(info);
    };
    output_message = [](j_common_ptr) {};
    format_message = [](j_common_ptr, char* text) { *text = 0; };
    reset_error_mgr = [](j_common_ptr info) { info->err->num_warnings = 0; };
  }
  std::jmp_buf back;
};

struct Progress : jpeg_progress_mgr {
  Progress() : jpeg_progress_mgr{} {
    progress_monitor = [](j_common_ptr info) {
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMostScans) info->err->error_exit(info);
    };
  }
};

// What comes in several passes may end before the last bit, and how the library then guesses the rest is its version's.
bool is_complete(const jpeg_decompress_struct& info) {
  if (info.coef_bits == nullptr) return true;
  for (int c = 0; c < info.num_components; c++)
    for (int k = 0; k < DCTSIZE2; k++)
      if (info.coef_bits[c][k] != 0) return false;
  return true;
}

// Columns beside those that are asked for: more than the library looks aside when it smooths colour that is coded coarsely.
constexpr std::size_t kAside = 8;

// Has only columns `left` up to `right` of each line decoded, and what belongs to the same blocks. Returns the first that is.
std::size_t crop(jpeg_decompress_struct& info, std::size_t left, std::size_t right) {
  JDIMENSION first = static_cast<JDIMENSION>(left > kAside ? left - kAside : 0);
  JDIMENSION count = static_cast<JDIMENSION>(std::min<std::size_t>(right + kAside, info.output_width) - first);
  jpeg_crop_scanline(&info, &first, &count);
  return first;
}

// Whether a file whose last lines are not asked for is there up to its end: coded pixels have no marker inside but those of
// restarts.
bool has_its_end(jpeg_decompress_struct& info) {
  if (jpeg_input_complete(&info)) return true;
  const JOCTET* at = info.src->next_input_byte;
  const JOCTET* const end = at + info.src->bytes_in_buffer;
  int marker = info.unread_marker;
  while (marker == 0 || (marker >= JPEG_RST0 && marker < JPEG_RST0 + 8)) {
    at = static_cast<const JOCTET*>(std::memchr(at, 0xff, static_cast<std::size_t>(end - at)));
    if (at == nullptr) return false;
    while (at != end && *at == 0xff) at++;
    if (at == end) return false;
    marker = *at++;
  }
  return marker == JPEG_EOI;
}

// Hands out the lines from the top. `lines.start(info)` is called before, `lines.at(y)` is where line y goes, `lines.read(y)` is
// called when it is there. Lines from `lines.end()` on are not decoded.
template <typename Lines>
bool decode(const Jpeg& jpeg, Lines& lines) noexcept {
  Errors errors;
  Progress progress;
  jpeg_decompress_struct info{};
  info.err = &errors;
  // Nothing below has a destructor, and the library never calls `lines`.
  if (setjmp(errors.back) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  info.progress = &progress;
  jpeg_mem_src(&info, const_cast<unsigned char*>(jpeg.bytes.data()), jpeg.bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  const bool known = info.image_width == jpeg.width && info.image_height == jpeg.height &&
                     static_cast<std::size_t>(info.num_components) == jpeg.channels && info.data_precision == 8 && !info.arith_code;
  if (!known) errors.error_exit(reinterpret_cast<j_common_ptr>(&info));
  jpeg_start_decompress(&info);
  lines.start(info);
  while (info.output_scanline < lines.end()) {
    const std::size_t y = info.output_scanline;
    JSAMPROW row = lines.at(y);
    if (jpeg_read_scanlines(&info, &row, 1) == 1) lines.read(y);
  }
  bool complete = is_complete(info);
  if (info.output_scanline == info.output_height)
    jpeg_finish_decompress(&info);
  else
    complete = complete && has_its_end(info);
  jpeg_destroy_decompress(&info);
  return complete;
}

struct Whole {
  std::uint8_t* pixels;
  std::size_t step;
  std::size_t height;
  std::size_t end() const { return height; }
  void start(jpeg_decompress_struct&) {}
  std::uint8_t* at(std::size_t y) { return pixels + y * step; }
  void read(std::size_t) {}
};

// Lines are resampled a strip at a time, while they are in the processor's cache.
struct Strips {
  Resampler& resampler;
  std::uint8_t* strip;
  std::size_t step;
  std::size_t channels;
  std::size_t first = 0;
  void start(jpeg_decompress_struct& info) {
    first = crop(info, resampler.left(), resampler.right()) * channels;
    jpeg_skip_scanlines(&info, static_cast<JDIMENSION>(resampler.top()));
  }
  std::size_t end() const { return resampler.bottom(); }
  std::uint8_t* at(std::size_t y) { return strip + y % kStrip * step + first; }
  void read(std::size_t y) {
    const std::size_t count = y % kStrip + 1;
    if (count == kStrip || y + 1 == end()) resampler.add(strip, y + 1 - count, count);
  }
};

}  // namespace

Status decode_jpeg(const Jpeg& jpeg, std::uint8_t* pixels) noexcept {
  Whole lines{pixels, jpeg.width * jpeg.channels, jpeg.height};
  return decode(jpeg, lines) ? Status::kDone : Status::kNotPlain;
}

Status resample_jpeg(const Isa& isa, const Jpeg& jpeg, Resample task) noexcept {
  task.width = jpeg.width;
  task.height = jpeg.height;
  task.channels = jpeg.channels;
  Resampler resampler(isa, task);
  const std::size_t step = jpeg.width * jpeg.channels;
  std::uint8_t* strip = resampler.reserve(step * kStrip);
  if (strip == nullptr) return Status::kOutOfMemory;
  Strips lines{resampler, strip, step, jpeg.channels};
  if (!decode(jpeg, lines)) return Status::kNotPlain;
  resampler.finish();
  return Status::kDone;
}

}  // namespace equipoise
