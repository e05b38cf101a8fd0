export {
  bcmStableResponses,
  boundedHebbFlow,
  ojaFlow,
  type RiccatiCoefficients,
  riccatiEnd,
  riccatiFlow,
  subspaceOjaFlow,
} from "./closed-forms.ts";
export { type Data, DataError, dataFrom, fromMoments, fromSamples, type Order, type TargetMoments } from "./data.ts";
export { type Dynamics, dynamicsOf, type Fates, type Flow, isLinear } from "./dynamics.ts";
export { type Complex, eigenvalues } from "./eigenvalues.ts";
export {
  affineParts,
  type Averaging,
  averagings,
  type ExpectedChange,
  expectedChange,
  jacobian,
  type Setting,
} from "./expected-change.ts";
export { expectedText } from "./expected-text.ts";
export { exampleData, exampleDataText } from "./example-data.ts";
export { type FixedPoint, fixedPoints, type Stability } from "./fixed-points.ts";
export { integrate, type IntegrateOptions, type Trajectory, type VectorField } from "./integrate.ts";
export { matrixExponential, rankOf, solve, type SymmetricEigen, symmetricEigen } from "./linear-algebra.ts";
export {
  linearDynamics,
  type LinearDynamics,
  linearFlow,
  type LinearOutcome,
  linearRecurrence,
  recurrenceOutcome,
} from "./linear-dynamics.ts";
export { dot, Matrix, norm } from "./matrix.ts";
export { simulate, type SimulateOptions, type Simulation } from "./simulate.ts";
export { activations, type Unit, units } from "./unit.ts";
