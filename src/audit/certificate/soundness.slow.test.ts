/** Whatever is added to a rule of the catalogue is in its certificate. */
import { everyAdditionIsNoticed } from "./soundness.contract.ts";

everyAdditionIsNoticed(() => true);
