"""Writes images.json: what transformers' image processors make of files of every kind, and the vectors of one runtime.

Run: pip install transformers pillow numpy onnxruntime && python images.py > images.json
The processors are those of the PIL backend; files are opened as transformers.image_utils.load_image does.
"""

import base64
import io
import json
import pathlib

import numpy as np
import onnxruntime
import PIL
import transformers
from PIL import Image
from transformers.image_utils import load_image
from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
from transformers.models.mobilenet_v2.image_processing_pil_mobilenet_v2 import MobileNetV2ImageProcessorPil
from transformers.models.mobilevit.image_processing_pil_mobilevit import MobileViTImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil


def draw(width, height, channels=3):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    smooth = 127 + 60 * np.sin(x / 5 + c) + 60 * np.cos(y / 4 - c)
    return (smooth + (x * 7 + y * 3 + c * 11) % 8).astype(np.uint8)


def encode(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


rgb = Image.fromarray(draw(29, 22))
turned = Image.Exif()
turned[0x0112] = 6
mirrored = Image.Exif()
mirrored[0x0112] = 5
alpha = np.dstack([draw(29, 22), draw(29, 22, 1)])
palette = rgb.quantize(16)
palette.info["transparency"] = 3
files = {
    "rgb.png": encode(rgb, "PNG"),
    "grey.png": encode(Image.fromarray(draw(29, 22, 1)[:, :, 0]), "PNG"),
    "grey-alpha.png": encode(Image.fromarray(draw(29, 22, 2), "LA"), "PNG"),
    "alpha.png": encode(Image.fromarray(alpha), "PNG"),
    "palette.png": encode(rgb.quantize(16), "PNG"),
    "palette-transparent.png": encode(palette, "PNG", transparency=3),
    "bilevel.png": encode(Image.fromarray(draw(29, 22, 1)[:, :, 0] > 127), "PNG"),
    "turned.jpg": encode(rgb, "JPEG", quality=95, exif=turned),
    "mirrored.png": encode(rgb, "PNG", exif=mirrored),
    "cmyk.jpg": encode(rgb.convert("CMYK"), "JPEG", quality=95),
    "grey.jpg": encode(Image.fromarray(draw(29, 22, 1)[:, :, 0]), "JPEG", quality=90),
    "subsampled.jpg": encode(Image.fromarray(draw(61, 47)), "JPEG", quality=85),
    "lossless.webp": encode(rgb, "WEBP", lossless=True),
    "wide.png": encode(Image.fromarray(draw(83, 20)), "PNG"),
    "tall.png": encode(Image.fromarray(draw(19, 70)), "PNG"),
    "small.png": encode(Image.fromarray(draw(9, 6)), "PNG"),
    "sixteen-bits.png": encode(Image.fromarray((draw(29, 22, 1)[:, :, 0].astype(np.uint16) << 8) | 99), "PNG"),
}

mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
norm = {"image_mean": mean, "image_std": std}
configs = [
    (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessor", "do_resize": True, "size": {"height": 16, "width": 16}, "resample": 2, "do_rescale": True, "rescale_factor": 0.00392156862745098, "do_normalize": True, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": {"shortest_edge": 19}, "resample": 3, "do_center_crop": True, "crop_size": {"height": 16, "width": 16}, "do_convert_rgb": True, "do_normalize": True, "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}),
    (CLIPImageProcessorPil, {"feature_extractor_type": "CLIPFeatureExtractor", "size": 17, "crop_size": 16, "resample": 3, "do_resize": True, "do_center_crop": True, "do_normalize": True, **norm}),
    (BitImageProcessorPil, {"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 18}, "crop_size": {"height": 16, "width": 16}, **norm}),
    (CLIPImageProcessorPil, {"image_processor_type": "CLIPImageProcessor", "do_resize": False, "crop_size": {"height": 16, "width": 16}, "do_rescale": False, "do_normalize": False, "do_center_crop": True}),
    (DeiTImageProcessorPil, {"image_processor_type": "DeiTImageProcessor", "size": {"height": 19, "width": 19}, "crop_size": {"height": 16, "width": 16}, **norm}),
    (SiglipImageProcessorPil, {"image_processor_type": "SiglipImageProcessor", "size": {"height": 16, "width": 16}, "resample": 3, **norm}),
    (MobileNetV2ImageProcessorPil, {"image_processor_type": "MobileNetV2ImageProcessor", "size": {"shortest_edge": 21}, "crop_size": {"height": 16, "width": 16}, "resample": 2, **norm}),
    (ConvNextImageProcessorPil, {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 16}, "crop_pct": 0.8, "resample": 3, **norm}),
    (MobileViTImageProcessorPil, {"image_processor_type": "MobileViTImageProcessor", "size": {"shortest_edge": 18}, "crop_size": {"height": 16, "width": 16}, "resample": 2, "do_flip_channel_order": True}),
    (MobileViTImageProcessorPil, {"image_processor_type": "MobileViTImageProcessor", "size": {"shortest_edge": 18}, "crop_size": {"height": 16, "width": 16}, "do_flip_channel_order": False}),
    (ViTImageProcessorPil, {"image_processor_type": "ViTImageProcessorFast", "size": {"height": 16, "width": 16}, "resample": 0, "rescale_factor": 0.01, **norm}),
]

model = pathlib.Path(__file__).parents[2] / "fixtures/models/tiny-cnn/model.onnx"
session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
pack = lambda array: base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()
pictures = {name: load_image(Image.open(io.BytesIO(data))) for name, data in files.items()}
cases = []
for index, (processor, config) in enumerate(configs):
    settings = {key: value for key, value in config.items() if not key.endswith("_type")}
    build = processor(**settings)
    # Every kind of file goes through the first two; the others see the shapes.
    # Pillow makes 16-bit grey white, which nobody wants to reproduce.
    for name in [name for name in files if name != "sixteen-bits.png"] if index < 2 else ["rgb.png", "wide.png", "tall.png", "small.png"]:
        pixels = build(pictures[name], return_tensors="np")["pixel_values"].astype(np.float32)
        cases.append({"config": index, "file": name, "tensor": pack(pixels), "scores": pack(session.run(None, {"pixels": pixels})[0])})

print(
    json.dumps(
        {
            "versions": {"transformers": transformers.__version__, "pillow": PIL.__version__, "numpy": np.__version__, "onnxruntime": onnxruntime.__version__},
            "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
            "pixels": {name: base64.b64encode(np.asarray(picture).tobytes()).decode() for name, picture in pictures.items()},
            "configs": [config for _, config in configs],
            "cases": cases,
        },
        indent=1,
    )
)
