// Lock-step: the second copy may run CLOCKS clocks behind the first. What enters the NPU
// is held as long on its way to the second copy, and what the first copy delivers on its
// way to the comparison.
module lockstep_compare #(
    parameter WIDTH = 64,       // bits that are compared
    parameter ENTERING = 32,    // bits that enter the NPU
    parameter CLOCKS = 2        // 0: both copies run at the same clock
) (
    input clk, input rst,
    input [ENTERING-1:0] entering, output [ENTERING-1:0] entering_second,
    input [WIDTH-1:0] first, input [WIDTH-1:0] second,
    input others,
    output raised, output irq);
  wire [WIDTH-1:0] first_late;
  generate
    if (CLOCKS == 0) begin : together
      assign entering_second = entering;
      assign first_late = first;
      alarm alarm (.clk(clk), .rst(rst), .seen(first_late != second), .others(others), .raised(raised), .irq(irq));
    end else begin : apart
      reg [(WIDTH+ENTERING)*CLOCKS-1:0] line;
      reg [CLOCKS-1:0] filled;  // nothing is compared before the lines are
      integer i;
      always @(posedge clk) begin
        line[WIDTH+ENTERING-1:0] <= {entering, first};
        for (i = 1; i < CLOCKS; i = i + 1) line[i*(WIDTH+ENTERING)+:WIDTH+ENTERING] <= line[(i-1)*(WIDTH+ENTERING)+:WIDTH+ENTERING];
        if (rst) filled <= {CLOCKS{1'b0}};
        else begin
          filled[0] <= 1'b1;
          for (i = 1; i < CLOCKS; i = i + 1) filled[i] <= filled[i-1];
        end
      end
      assign {entering_second, first_late} = line[(CLOCKS-1)*(WIDTH+ENTERING)+:WIDTH+ENTERING];
      alarm alarm (.clk(clk), .rst(rst), .seen(filled[CLOCKS-1] & (first_late != second)), .others(others), .raised(raised), .irq(irq));
    end
  endgenerate
endmodule
