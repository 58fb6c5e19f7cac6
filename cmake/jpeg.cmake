# Makes the target jpeg_decoder where a static libjpeg-turbo 2.1 or newer is found. Its archive need not be wholly position
# independent: the parts that are not (its own error messages) are not linked.
include(CheckCXXSourceCompiles)

find_path(EQUIPOISE_JPEG_HEADERS jpeglib.h)
find_path(EQUIPOISE_JPEG_CONFIG jconfig.h)
find_library(EQUIPOISE_JPEG_ARCHIVE NAMES libjpeg.a libturbojpeg.a jpeg-static)
if(NOT EQUIPOISE_JPEG_HEADERS OR NOT EQUIPOISE_JPEG_CONFIG OR NOT EQUIPOISE_JPEG_ARCHIVE)
  message(STATUS "No libjpeg-turbo to link in: sharp decodes JPEG")
  return()
endif()

add_library(equipoise_libjpeg INTERFACE IMPORTED)
target_include_directories(equipoise_libjpeg INTERFACE ${EQUIPOISE_JPEG_HEADERS} ${EQUIPOISE_JPEG_CONFIG})
target_link_libraries(equipoise_libjpeg INTERFACE ${EQUIPOISE_JPEG_ARCHIVE})
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # Else a libjpeg that something else in the process brings could take the place of this one.
  target_link_options(equipoise_libjpeg INTERFACE -Wl,--exclude-libs,ALL)
  set(CMAKE_REQUIRED_LINK_OPTIONS -shared)
endif()
set(CMAKE_REQUIRED_LIBRARIES equipoise_libjpeg)
set(CMAKE_REQUIRED_FLAGS -fPIC)
check_cxx_source_compiles("
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
#if LIBJPEG_TURBO_VERSION_NUMBER < 2001000
#error too old
#endif
int equipoise(jpeg_decompress_struct* info) {
  jpeg_create_decompress(info);
  jpeg_mem_src(info, nullptr, 0);
  jpeg_read_header(info, TRUE);
  jpeg_start_decompress(info);
  return jpeg_read_scanlines(info, nullptr, 0);
}
int main() { return 0; }" EQUIPOISE_JPEG_LINKS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_FLAGS)
if(NOT EQUIPOISE_JPEG_LINKS)
  message(STATUS "${EQUIPOISE_JPEG_ARCHIVE} is not libjpeg-turbo 2.1 or newer that can be linked in: sharp decodes JPEG")
  return()
endif()

add_library(jpeg_decoder STATIC native/jpeg/jpeg.cpp)
target_link_libraries(jpeg_decoder PUBLIC kernels_core equipoise_libjpeg)
message(STATUS "JPEG is decoded by ${EQUIPOISE_JPEG_ARCHIVE}")
