export { readCsv, type CsvTable, type ReadCsvOptions } from './csv.js';
