import { readTable, writeTable } from './table.mjs';

const NAMES = {
  culmen_length_mm: 'Culmen Length (mm)',
  culmen_depth_mm: 'Culmen Depth (mm)',
  flipper_length_mm: 'Flipper Length (mm)',
  body_mass_g: 'Body Mass (g)',
};
const MEASUREMENTS = Object.keys(NAMES);

const raw = readTable('data/penguins_raw.csv');
const birds = raw.map((row) => ({
  // "Adelie Penguin (Pygoscelis adeliae)" → "Adelie"
  species: row.Species.split(' ')[0],
  island: row.Island,
  ...Object.fromEntries(MEASUREMENTS.map((name) => [name, row[NAMES[name]]])),
  sex: row.Sex === 'NA' ? 'unknown' : row.Sex.toLowerCase(),
  year: 2000 + Number(row.studyName.slice(3, 5)),
}));
const measured = birds.filter((bird) => MEASUREMENTS.every((name) => bird[name] !== 'NA'));

writeTable('build/penguins.csv', ['species', 'island', ...MEASUREMENTS, 'sex', 'year'], measured);
console.log(`${raw.length} birds read, ${measured.length} kept, ${raw.length - measured.length} never measured`);
