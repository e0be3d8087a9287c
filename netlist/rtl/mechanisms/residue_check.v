// The check of one stage's traversal counters: their residue modulo 3 is made of what they
// load, and compared with that of what they hold while an operation is under way, by
// either copy of the bit that says so.
module residue_check #(parameter DIGITS = 50) (
    input clk, input rst,
    input load,
    input [2*DIGITS-1:0] d, input [2*DIGITS-1:0] q,
    input on_d, input on_q,
    input others,
    output raised, output irq);
  reg [1:0] sum;
  reg on;
  wire [1:0] loaded, held;
  residue_mod3 #(.DIGITS(DIGITS)) of_d (.x(d), .y(loaded));
  residue_mod3 #(.DIGITS(DIGITS)) of_q (.x(q), .y(held));
  always @(posedge clk)
    if (rst) {on, sum} <= 3'd0;
    else if (load) {on, sum} <= {on_d, loaded};
  alarm alarm (.clk(clk), .rst(rst), .seen((on | on_q) & ({on, sum} != {on_q, held})), .others(others), .raised(raised), .irq(irq));
endmodule
