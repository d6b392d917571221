// Forecasts with a TensorFlow.js graph model in Node: `node run_tfjs.js MODEL_FOLDER INPUTS_JSON` prints the outputs.
const fs = require("fs");
const path = require("path");
const tf = require("@tensorflow/tfjs");

const [folder, inputsPath] = process.argv.slice(2);
const model = JSON.parse(fs.readFileSync(path.join(folder, "model.json")));
const paths = model.weightsManifest.flatMap((group) => group.paths);
const weights = Buffer.concat(paths.map((name) => fs.readFileSync(path.join(folder, name))));
const load = async () => ({
  ...model,
  weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
  weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.byteLength),
});

(async () => {
  await tf.setBackend("cpu");
  const graph = await tf.loadGraphModel({ load });
  const inputs = {};
  for (const [name, { shape, values }] of Object.entries(JSON.parse(fs.readFileSync(inputsPath)))) {
    const numbers = values.map((value) => (value === null ? NaN : value));
    inputs[name] = tf.tensor(numbers, shape, "float32");
  }
  const outputs = {};
  for (const [name, tensor] of Object.entries(await graph.predictAsync(inputs))) {
    outputs[name] = Array.from(tensor.dataSync());
  }
  console.log(JSON.stringify(outputs));
})();
