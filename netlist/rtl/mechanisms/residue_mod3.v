// The residue modulo 3 of the sum of counters that stand side by side, each from an even
// place on: two bits are a digit, since 4 = 1 modulo 3, and digits are joined in pairs by
// an adder whose carry is fed back. The result is 0, 1 or 2.
module residue_mod3 #(parameter DIGITS = 50) (input [2*DIGITS-1:0] x, output [1:0] y);
  localparam LEVELS = $clog2(DIGITS);
  genvar l;
  generate
    for (l = 0; l <= LEVELS; l = l + 1) begin : level
      wire [(2<<(LEVELS-l))-1:0] digit;
      if (l == 0) begin : first
        assign digit = {{(2 << LEVELS) - 2 * DIGITS{1'b0}}, x};
      end else begin : next
        genvar k;
        for (k = 0; k < (1 << (LEVELS - l)); k = k + 1) begin : pair
          wire [2:0] sum;
          assign sum = {1'b0, level[l-1].digit[4*k+:2]} + {1'b0, level[l-1].digit[4*k+2+:2]};
          assign digit[2*k+:2] = sum[1:0] + {1'b0, sum[2]};
        end
      end
    end
  endgenerate
  assign y = level[LEVELS].digit == 2'd3 ? 2'd0 : level[LEVELS].digit;
endmodule
