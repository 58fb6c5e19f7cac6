export { readCsv, type CsvTable, type ReadCsvOptions } from './csv.js';
export { importEmbeddings, interchangeFormats, type ImportOptions, type InterchangeFormat } from './import.js';
export { exportEmbeddings, type ExportOptions, type ExportedFiles } from './export.js';
export { readNpy, writeNpy, type NpyArray } from './npy.js';
export { readNpz, type Npz } from './npz.js';
export { readSafetensors, type Safetensors, type Tensor } from './safetensors.js';
export { categoryOf, layOut, looksCategorical, type Feature, type Features } from './features.js';
export { readText, unpackGzip } from './text-file.js';
export { openParquetItems, readParquetImages, type DecodedColumn } from './foreign-table.js';
